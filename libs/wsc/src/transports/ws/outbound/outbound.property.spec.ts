import * as fc from 'fast-check';
import { play } from './outbound-play.fixture.js';
import { scripts } from './outbound-script.fixture.js';

/**
 * `FC_NUM_RUNS=2000 npx jest outbound.property` looks further. A failure is printed with its seed and path, with which
 * `fc.assert(…, { seed, path })` plays it again.
 */
const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 150);
/** A run that hangs takes its time-out, so shrinking it might take for ever. */
const shrinkingMs = 60_000;

describe('whatever is sent, closed, paused, stalled and asked on real sockets', () => {
  it(
    'each client hears exactly what is meant for it: whole frames, nothing lost or twice, in the order of its lane, up to the close',
    async () => {
      await fc.assert(
        fc.asyncProperty(scripts, async (script) => expect(await play(script)).toEqual([])),
        { numRuns, interruptAfterTimeLimit: numRuns * 500 + shrinkingMs },
      );
    },
    numRuns * 500 + 2 * shrinkingMs,
  );
});
