import { setTimeout as pause } from 'node:timers/promises';
import type { LocalNode } from './gateway-node.js';
import { expectSettled, expectWhole, untilPresenceIsRight } from './promises.js';
import { inMs, report } from './report.js';
import { until } from '../until.js';
import { event, lobby, newWord, untilSendsArrive, type Resident } from './residents.js';

/**
 * Ends a fault, or makes one that ends by itself; says how long from then on sends between the nodes took to arrive again, and presence to
 * be right; and expects that all is as before, without a restart.
 */
export async function expectHealed(fault: string, residents: readonly Resident[], heal: () => unknown): Promise<void> {
  const startedAt = performance.now();
  await heal();
  await untilSendsArrive(residents);
  const sendsMs = performance.now() - startedAt;
  for (const { node } of residents) await untilPresenceIsRight(node, residents);
  const presenceMs = performance.now() - startedAt;
  report(fault, `sends between nodes arrive again after ${inMs(sendsMs)}, presence is right after ${inMs(presenceMs)}`);
  // A subscription that goes over to another server misses what is published in that moment, also when sends have arrived before.
  const attempt = (): Promise<unknown> =>
    expectWhole(residents).then(
      () => undefined,
      (error: unknown) => error,
    );
  const failure = await until(attempt, (error) => error === undefined, wholePatience);
  expect(failure).toBeUndefined();
}

const betweenSendsMs = 2;
const wholePatience = { patienceMs: 20_000, everyMs: 100 } as const;

/** What came of sends that went on during a fault. */
export interface Sent {
  /** What was sent, as far as the sender was told. */
  readonly words: readonly string[];
  readonly refusedCount: number;
}

/** Sends to the lobby every few milliseconds, until it is stopped. Each send ends in time, well or so that it may be tried again. */
export function startSending({ hub }: LocalNode): () => Promise<Sent> {
  const words: string[] = [];
  let refusedCount = 0;
  const stopping = new AbortController();
  const sending = (async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const word = newWord();
      const error = await expectSettled(() => hub.sendToRoom(lobby, { event, data: word }));
      if (error === undefined) words.push(word);
      else refusedCount += 1;
      // As fast as they go, they would be more than the clients of this process come to read beside.
      await pause(betweenSendsMs);
    }
  })();
  return async () => {
    stopping.abort();
    await sending;
    return { words, refusedCount };
  };
}
