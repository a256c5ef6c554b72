import { basicCodec } from '@nest-wsc/protocol';
import * as fc from 'fast-check';
import { TextEncoding } from '../../testing/text-encoding.js';
import type { Priority } from '../messages/message.js';
import { message, setUp } from './outbox.fixture.js';

type Step =
  | { readonly kind: 'send'; readonly to: readonly number[]; readonly lane: Priority; readonly size: number }
  | { readonly kind: 'burst' | 'block' | 'unblock' | 'drained' | 'end'; readonly index: number }
  | { readonly kind: 'turn' };

describe('whatever is sent, blocked, drained and ended', () => {
  const everyone = [0, 1, 2, 3];
  const send: fc.Arbitrary<Step> = fc.record({
    kind: fc.constant('send'),
    to: fc.subarray(everyone, { minLength: 1 }),
    lane: fc.constantFrom('normal', 'normal', 'high'),
    size: fc.constantFrom(4, 4, 40_000),
  });
  const one: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('burst', 'block', 'unblock', 'unblock', 'drained', 'end'),
    index: fc.constantFrom(...everyone),
  });
  const turn: fc.Arbitrary<Step> = fc.record({ kind: fc.constant('turn') });
  const steps = fc.array(fc.oneof({ weight: 6, arbitrary: send }, { weight: 2, arbitrary: turn }, one), {
    maxLength: 60,
  });

  it('each connection hears exactly what was queued for it, in the order of its lane', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const connections = play(script);
        for (const connection of await connections) {
          for (const lane of ['normal', 'high'] as const) {
            const heard = connection.heard().match(lane === 'high' ? /h\d+\.*;/g : /n\d+\.*;/g) ?? [];
            const queued = connection.queued[lane];
            // Who was given up for being slow may have missed the end, but has no hole and nothing twice.
            expect(heard).toEqual(connection.failures.length === 0 ? queued : queued.slice(0, heard.length));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  async function play(script: readonly Step[]) {
    const set = setUp({ maxMessages: 300, maxBytes: 200_000 });
    const connections = everyone.map((index) => ({
      ...set.open(index === 3 ? new TextEncoding(basicCodec) : set.json),
      queued: { normal: new Array<string>(), high: new Array<string>() },
    }));
    let count = 0;
    const push = (to: readonly number[], lane: Priority, size: number) => {
      const text = `${lane.charAt(0)}${++count}`.padEnd(size, '.') + ';';
      const [json, basic] = [message(text, lane), message(text, lane)];
      for (const index of to) {
        const connection = connections[index]!;
        if (connection.outbox.push(index === 3 ? basic : json)) connection.queued[lane].push(text);
      }
    };
    for (const step of script) {
      if (step.kind === 'turn') await set.turn();
      else if (step.kind === 'send') push(step.to, step.lane, step.size);
      else if (step.kind === 'burst') for (let index = 0; index < 270; index += 1) push([step.index], 'normal', 4);
      else if (step.kind === 'block') connections[step.index]!.link.isBlocked = true;
      else if (step.kind === 'unblock') connections[step.index]!.unblock();
      else if (step.kind === 'drained') connections[step.index]!.outbox.drained();
      else connections[step.index]!.outbox.drain(() => connections[step.index]!.outbox.close());
    }
    await set.turn();
    for (const { unblock } of connections) unblock();
    await set.turn();
    return connections;
  }
});
