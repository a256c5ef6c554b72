import type { HistoryEvent } from '../history.js';
import { attend } from './attendance.js';
import type { Violation } from './violation.js';

/** In the end presence is the truth, and inboxes keep nothing. */
export function* checkEnd(history: readonly HistoryEvent[]): Generator<Violation> {
  const { users, connected, members } = attend(history);
  for (const event of history) {
    if (event.kind === 'kept' && event.count !== 0) {
      const text = `${event.count === undefined ? 'Nobody knows how many' : String(event.count)} messages wait for ${event.user}, whose devices are all there.`;
      yield { rule: 'kept', text, events: [event] };
    }
    if (event.kind !== 'present') continue;
    const there = [...(members.get(event.stream) ?? [])].filter((client) => connected.has(client));
    const truth = [...new Set(there.map((client) => users.get(client) ?? client))].sort().join(', ');
    const told = [...event.users].sort().join(', ');
    if (truth === told) continue;
    const text = `In ${event.stream} are ${truth || 'none'}, and the gateways say ${told || 'none'}.`;
    yield { rule: 'presence', text, events: [event] };
  }
}
