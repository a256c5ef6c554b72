import type { HistoryEvent } from '../history.js';
import { checkEnd } from './end-rules.js';
import { checkFollowing } from './following-rules.js';
import { indexFollowings } from './followings.js';
import { checkInboxes } from './inbox-rules.js';
import { checkAgreement, checkConnections, checkOrigins, checkRealTimeOrder, checkRepeats } from './message-rules.js';
import { getOrAdd, indexPublishes, type Publish } from './publishes.js';
import type { Violation } from './violation.js';

/** Everything in a history that breaks a promise. Reads nothing but the history, so a saved one gets the same verdict. */
export function checkHistory(history: readonly HistoryEvent[]): readonly Violation[] {
  const index = indexPublishes(history);
  const { all, strays } = indexFollowings(history);
  const byStream = new Map<string, Publish[]>();
  for (const publish of index.publishes.values()) getOrAdd(byStream, publish.stream, () => []).push(publish);
  return [
    ...checkOrigins(index),
    ...checkAgreement(index),
    ...checkRealTimeOrder(history, index),
    ...checkRepeats(index),
    ...checkConnections(history),
    ...strays.map(({ event }): Violation => {
      const text = `${event.client} got ${event.key} of ${event.stream} without being in it.`;
      return { rule: 'ghost', text, events: [event] };
    }),
    ...all.flatMap((following) => [...checkFollowing(following, { index, byStream })]),
    ...checkInboxes(history, index),
    ...checkEnd(history),
  ];
}
