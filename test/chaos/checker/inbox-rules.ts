import { inboxOwner, type HistoryEvent } from '../history.js';
import { epochKey, getOrAdd, type PublishIndex } from './publishes.js';
import type { Violation } from './violation.js';

/**
 * Each known device of a user gets each durable message, in order, or the inbox still has it. A device is surely known from the first
 * message of an inbox's epoch that came to it: with its data the store forgets who a user's devices are, until it is asked for them again.
 */
export function* checkInboxes(history: readonly HistoryEvent[], { publishes }: PublishIndex): Generator<Violation> {
  // What was acknowledged before is lost with the store's data: an inbox has no epoch that devices watch.
  const lastLoss = history.findLastIndex(({ kind }) => kind === 'data-lost');
  const { kept, known } = readInboxes(history);
  for (const { key, stream, begun, end, receipts } of publishes.values()) {
    const owner = inboxOwner(stream);
    if (owner === undefined || end?.event.kind !== 'acknowledged' || end.index < lastLoss) continue;
    if (end.event.place === undefined || kept.get(owner) !== 0) continue;
    for (const [device, since] of known.get(epochKey(stream, end.event.place.epoch)) ?? []) {
      if (since > begun.index || receipts.some(({ event }) => event.client === device)) continue;
      const text = `${device} did not get ${key}, which is durable, and the inbox has it no more.`;
      yield { rule: 'lost', text, events: [begun.event, end.event] };
    }
  }
  yield* checkInboxOrder(history);
}

interface InboxFacts {
  /** User → messages that wait in the end. */
  readonly kept: ReadonlyMap<string, number>;
  /** Inbox and epoch → device → when it got the first message. */
  readonly known: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

function readInboxes(history: readonly HistoryEvent[]): InboxFacts {
  const known = new Map<string, Map<string, number>>();
  const kept = new Map<string, number>();
  for (const [index, event] of history.entries()) {
    if (event.kind === 'kept' && event.count !== undefined) kept.set(event.user, event.count);
    if (event.kind !== 'received' || event.place === undefined || inboxOwner(event.stream) === undefined) continue;
    const devices = getOrAdd(known, epochKey(event.stream, event.place.epoch), () => new Map<string, number>());
    getOrAdd(devices, event.client, () => index);
  }
  return { kept, known };
}

function* checkInboxOrder(history: readonly HistoryEvent[]): Generator<Violation> {
  const last = new Map<string, Extract<HistoryEvent, { readonly kind: 'received' }>>();
  for (const event of history) {
    if (event.kind !== 'received' || event.place === undefined || inboxOwner(event.stream) === undefined) continue;
    const name = `${event.client} ${event.place.epoch}`;
    const before = last.get(name);
    last.set(name, event);
    if (before?.place === undefined || before.place.offset < event.place.offset) continue;
    const text = `${event.client} got ${event.key} of its inbox after ${before.key}, which is behind it.`;
    yield { rule: 'disordered', text, events: [before, event] };
  }
}
