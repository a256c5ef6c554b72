import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LocalNode } from './gateway-node.js';
import { expectSettled, expectWhole, untilPresenceIsRight } from './promises.js';
import { inMs, report } from './report.js';
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
  await expectWhole(residents);
}

/** What came of sends that went on during a fault. */
export interface Sent {
  /** What was sent, as far as the sender was told. */
  readonly words: readonly string[];
  readonly refusedCount: number;
}

/** Sends to the lobby without a pause, until it is stopped. Each send ends in time, well or so that it may be tried again. */
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
      // What fails at once would leave no turn to anything else.
      await nextTurn();
    }
  })();
  return async () => {
    stopping.abort();
    await sending;
    return { words, refusedCount };
  };
}
