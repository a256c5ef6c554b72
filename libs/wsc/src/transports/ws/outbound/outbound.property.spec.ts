import * as fc from 'fast-check';
import { play } from './outbound-play.fixture.js';
import { scripts } from './outbound-script.fixture.js';

/**
 * `FC_NUM_RUNS=2000 npx jest outbound.property` looks further. A failure is printed with its seed and path, with which
 * `fc.assert(…, { seed, path })` plays it again.
 */
const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 100);
/** A run in which something hangs takes its time-out, so shrinking it would take for ever. */
const patienceMs = 30_000 + numRuns * 300;

describe('whatever is sent, closed, paused, stalled and asked on real sockets', () => {
  it(
    'each client hears exactly what is meant for it: whole frames, nothing lost or twice, in the order of its lane, up to the close',
    async () => {
      await fc.assert(
        fc.asyncProperty(scripts, async (script) => expect(await play(script)).toEqual([])),
        { numRuns, interruptAfterTimeLimit: patienceMs },
      );
    },
    2 * patienceMs,
  );
});
