import type { HistoryEvent } from '../history.js';
import { attend } from './attendance.js';
import { getOrAdd, type Occupant, type PublishIndex } from './publishes.js';
import type { Violation } from './violation.js';

/** Nothing is received that nobody sent, before it was sent, or though it had failed. */
export function* checkOrigins({ publishes, strangers }: PublishIndex): Generator<Violation> {
  for (const { event } of strangers) {
    yield { rule: 'phantom', text: `${event.client} got ${event.key}, which nobody sent there.`, events: [event] };
  }
  for (const { key, begun, end, receipts } of publishes.values()) {
    for (const { index, event } of receipts) {
      const text = `${event.client} got ${key}`;
      if (index < begun.index)
        yield { rule: 'early', text: `${text} before it was sent.`, events: [event, begun.event] };
      if (end?.event.kind !== 'failed') continue;
      const events = [begun.event, end.event, event];
      yield { rule: 'failed-delivered', text: `${text}, which failed for ${begun.event.client}.`, events };
    }
  }
}

/** Everybody says the same of each place, and one publish has one place per epoch. */
export function* checkAgreement({ places }: PublishIndex): Generator<Violation> {
  for (const [name, offsets] of places) {
    const offsetOf = new Map<string, { readonly offset: number; readonly occupant: Occupant }>();
    for (const [offset, [first, ...others]] of offsets) {
      if (first === undefined) continue;
      const other = others.find(({ key, id }) => key !== first.key || id !== first.id);
      if (other !== undefined) {
        const text = `${first.key} and ${other.key} both stand at ${String(offset)} of ${name}.`;
        yield { rule: 'disagreement', text, events: [first.event, other.event] };
      }
      const earlier = getOrAdd(offsetOf, first.key, () => ({ offset, occupant: first }));
      if (earlier.offset === offset) continue;
      const text = `${first.key} stands at ${String(earlier.offset)} and ${String(offset)} of ${name}.`;
      yield { rule: 'repeated-effect', text, events: [earlier.occupant.event, first.event] };
    }
  }
}

/** The highest acknowledged place so far. */
interface Top {
  readonly offset: number;
  readonly event: HistoryEvent;
}

/** What was begun after another was acknowledged stands behind it (G4). */
export function* checkRealTimeOrder(history: readonly HistoryEvent[], index: PublishIndex): Generator<Violation> {
  const tops = new Map<string, Map<string, Top>>();
  const floors = new Map<string, ReadonlyMap<string, Top>>();
  for (const event of history) {
    // A copy: what is acknowledged later is no floor of this one.
    if (event.kind === 'publish') floors.set(event.key, new Map(tops.get(event.stream)));
    if (event.kind !== 'acknowledged' || event.place === undefined) continue;
    const publish = index.publishes.get(event.key);
    if (publish === undefined) continue;
    const { offset, epoch } = event.place;
    const floor = floors.get(event.key)?.get(epoch);
    if (floor !== undefined && offset <= floor.offset) {
      const where = `at ${String(offset)} of ${publish.stream} in ${epoch}`;
      const text = `${event.key} stands ${where}, though ${String(floor.offset)} was acknowledged before it began.`;
      yield { rule: 'disordered', text, events: [floor.event, publish.begun.event, event] };
    }
    const ofStream = getOrAdd(tops, publish.stream, () => new Map<string, Top>());
    if (offset > (ofStream.get(epoch)?.offset ?? 0)) ofStream.set(epoch, { offset, event });
  }
}

/** Nothing comes without a connection. */
export function checkConnections(history: readonly HistoryEvent[]): readonly Violation[] {
  const violations: Violation[] = [];
  attend(history, ({ event }, isConnected) => {
    if (isConnected) return;
    violations.push({ rule: 'ghost', text: `${event.client} got ${event.key} without a connection.`, events: [event] });
  });
  return violations;
}

/** No client gets a message twice: neither one id, nor what was published once. */
export function* checkRepeats({ publishes }: PublishIndex): Generator<Violation> {
  for (const { key, receipts } of publishes.values()) {
    const first = new Map<string, HistoryEvent>();
    for (const { event } of receipts) {
      // After a loss of data, a repeat of the publish is another message in another epoch.
      for (const name of new Set([`${event.client} ${event.id}`, `${event.client} in ${event.place?.epoch ?? ''}`])) {
        const before = getOrAdd<string, HistoryEvent>(first, name, () => event);
        if (before === event) continue;
        yield { rule: 'duplicated', text: `${event.client} got ${key} twice.`, events: [before, event] };
        break;
      }
    }
  }
}
