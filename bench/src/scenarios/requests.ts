import { isDeepStrictEqual } from 'node:util';
import { spend } from '../harness/bench-run.js';
import { cpuRatio, only, type Goal, type Scenario, type Variant } from './scenario.js';

const everybody = only('ours', 'stock', 'ws', 'socket.io', 'uws', 'bun');
const withNest = only('ours', 'stock', 'socket.io');

interface RequestScenario {
  readonly name: string;
  readonly title: string;
  readonly event: 'echo' | 'order';
  readonly inFlight: number;
  readonly variants: readonly Variant[];
  readonly goal: Pick<Goal, 'goal' | 'stretch'>;
}

const order = { item: 'a kettle, made of steel, with a long warranty', amount: 3 };

/** What each of them is answered with. */
const replies = { echo: order, order: { accepted: order.item } };

function requests({ name, title, event, inFlight, variants, goal }: RequestScenario): Scenario {
  return {
    name,
    title,
    operation: 'request',
    variants,
    goals: [
      {
        text: `${title}: CPU against stock Nest`,
        ...goal,
        value: (rows) => cpuRatio(rows.of('ours'), rows.of('stock')),
      },
    ],
    measure: async (run, _variant, scale) => {
      const size = scale === 'full' ? { count: 100, durationMs: 1500 } : { count: 5, durationMs: 100 };
      const { port, peer } = run;
      await run.load.call('connect', { port, dialects: [peer.dialect], count: size.count });
      // What is timed is not looked at, so that a peer which refuses would look fast.
      const reply = await run.load.call('ask', event, order);
      if (!isDeepStrictEqual(reply, replies[event])) throw new Error(`the reply was ${JSON.stringify(reply)}`);
      const load = { event, data: order, inFlight };
      await run.load.call('request', peer.dialect, { ...load, durationMs: size.durationMs / 2 });
      const { result, spent } = await spend(run, () =>
        run.load.call('request', peer.dialect, { ...load, durationMs: size.durationMs }),
      );
      return {
        operations: result.answered,
        spent,
        perSecond: result.answered / (result.elapsedMs / 1000),
        ...result.latencies,
      };
    },
  };
}

/** Ask and be answered. */
export const requestScenarios: readonly Scenario[] = [
  requests({
    name: 'request',
    title: 'Request → reply, 1 under way on each of 100 connections',
    event: 'echo',
    inFlight: 1,
    variants: everybody,
    goal: { goal: 0.65, stretch: 0.55 },
  }),
  requests({
    name: 'request-pipelined',
    title: 'Request → reply, 32 under way on each of 100 connections',
    event: 'echo',
    inFlight: 32,
    variants: everybody,
    goal: { goal: 0.25, stretch: 0.2 },
  }),
  requests({
    name: 'request-chain',
    title: 'Request → reply through guard, DTO and interceptor, 1 under way',
    event: 'order',
    inFlight: 1,
    variants: withNest,
    goal: { goal: 0.75, stretch: 0.6 },
  }),
  requests({
    name: 'request-chain-pipelined',
    title: 'Request → reply through guard, DTO and interceptor, 32 under way',
    event: 'order',
    inFlight: 32,
    variants: withNest,
    goal: { goal: 0.75, stretch: 0.6 },
  }),
];
