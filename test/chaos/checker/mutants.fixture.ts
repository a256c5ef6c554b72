import type { HistoryEvent } from '../history.js';
import type { Rule } from './violation.js';

type Receipt = Extract<HistoryEvent, { readonly kind: 'received' }>;
type Loss = Extract<HistoryEvent, { readonly kind: 'lost' }>;

/** A way to falsify a history; undefined where it holds nothing to falsify so. */
export interface Mutant {
  readonly name: string;
  /** One of these must be the verdict. */
  readonly rules: readonly Rule[];
  /** @param choice chooses among the places at which it can be done */
  readonly mutate: (history: readonly HistoryEvent[], choice: number) => readonly HistoryEvent[] | undefined;
}

const isPlaced: ReadonlySet<HistoryEvent['kind']> = new Set(['joined', 'lost']);
const isReceipt = (event: HistoryEvent): event is Receipt => event.kind === 'received';
const isInbox = ({ stream }: Receipt): boolean => stream.startsWith('inbox:');

/** Replaces one of the events that `matches` by what `change` makes of it. */
function replaceOne<Event extends HistoryEvent>(
  matches: (event: HistoryEvent, index: number, history: readonly HistoryEvent[]) => event is Event,
  change: (event: Event, history: readonly HistoryEvent[]) => readonly HistoryEvent[],
): Mutant['mutate'] {
  return (history, choice) => {
    const found = [...history.entries()].flatMap(([index, event]) =>
      matches(event, index, history) ? [{ index, event }] : [],
    );
    const chosen = found[choice % Math.max(1, found.length)];
    if (chosen === undefined) return undefined;
    return history.toSpliced(chosen.index, 1, ...change(chosen.event, history));
  };
}

const acknowledgementOf = (history: readonly HistoryEvent[], key: string): number =>
  history.findIndex((event) => event.kind === 'acknowledged' && event.key === key);

const wasAcknowledged = (history: readonly HistoryEvent[], key: string): boolean =>
  acknowledgementOf(history, key) >= 0;

const isOwn = (history: readonly HistoryEvent[], { key, client }: Receipt): boolean =>
  history.some((event) => event.kind === 'publish' && event.key === key && event.client === client);

const ofSame = (
  event: HistoryEvent,
  { client, stream }: { readonly client: string; readonly stream: string },
): boolean =>
  event.kind !== 'publish' &&
  'stream' in event &&
  'client' in event &&
  event.client === client &&
  event.stream === stream;

/** What this client gets or is told of that stream after this event. */
const after = (history: readonly HistoryEvent[], index: number, receipt: Receipt): readonly HistoryEvent[] =>
  history.slice(index + 1).filter((event) => ofSame(event, receipt));

/** A receipt that must not be missing: its following goes on to the end, or at least to another receipt. */
const isNeeded = (event: HistoryEvent, index: number, history: readonly HistoryEvent[]): event is Receipt => {
  if (!isReceipt(event) || isInbox(event) || isOwn(history, event) || !wasAcknowledged(history, event.key))
    return false;
  // Otherwise it may be the first that was promised.
  const before = history.slice(0, index).findLast((other) => ofSame(other, event) && other.kind !== 'recovered');
  if (before?.kind !== 'joined' && before?.kind !== 'received') return false;
  const next = after(history, index, event)[0];
  return next === undefined || next.kind === 'received' || next.kind === 'recovered';
};

const swapWithNext: Mutant['mutate'] = (history, choice) => {
  const pairs = [...history.entries()].flatMap(([index, event]) => {
    if (!isReceipt(event)) return [];
    const offset = after(history, index, event)[0];
    return offset?.kind === 'received' && offset.place?.epoch === event.place?.epoch
      ? [{ index, other: history.indexOf(offset) }]
      : [];
  });
  const pair = pairs[choice % Math.max(1, pairs.length)];
  const first = pair === undefined ? undefined : history[pair.index];
  const second = pair === undefined ? undefined : history[pair.other];
  if (pair === undefined || first === undefined || second === undefined) return undefined;
  return history.with(pair.index, second).with(pair.other, first);
};

/** Each way in which a history can be false. */
export const mutants: readonly Mutant[] = [
  { name: 'lost', rules: ['lost', 'false-recovery'], mutate: replaceOne(isNeeded, () => []) },
  {
    name: 'lost from an inbox',
    rules: ['lost'],
    mutate: replaceOne(
      (event, _index, history): event is Receipt => isReceipt(event) && isInbox(event) && isKnown(history, event),
      () => [],
    ),
  },
  { name: 'duplicated', rules: ['duplicated'], mutate: replaceOne(isReceipt, (event) => [event, { ...event }]) },
  { name: 'swapped', rules: ['disordered'], mutate: swapWithNext },
  {
    name: 'phantom',
    rules: ['phantom'],
    mutate: replaceOne(isReceipt, (event) => [event, { ...event, key: 'nobody sent it', place: undefined }]),
  },
  {
    name: 'false recovery',
    rules: ['false-recovery'],
    mutate: replaceOne(
      (event, index, history): event is Loss =>
        event.kind === 'lost' && event.reason === 'trimmed' && hasMissed(history, index, event),
      ({ at, client, stream }) => [{ at, kind: 'recovered', client, stream, from: 0, to: 1_000 }],
    ),
  },
  {
    name: 'failed but delivered',
    rules: ['failed-delivered'],
    mutate: replaceOne(
      (event, _index, history): event is Extract<HistoryEvent, { readonly kind: 'acknowledged' }> =>
        event.kind === 'acknowledged' && history.some((other) => isReceipt(other) && other.key === event.key),
      ({ at, key }) => [{ at, kind: 'failed', key, error: 'WSC_UNAVAILABLE' }],
    ),
  },
  {
    name: 'ghost of a connection',
    rules: ['ghost'],
    mutate: replaceOne(isReceipt, (event) => [
      { at: event.at, kind: 'disconnected', client: event.client, code: 1006 },
      event,
    ]),
  },
  {
    name: 'ghost of a membership',
    rules: ['ghost'],
    mutate: replaceOne(
      (event): event is Receipt => isReceipt(event) && !isInbox(event),
      (event) => [{ at: event.at, kind: 'left', client: event.client, stream: event.stream }, event],
    ),
  },
  {
    name: 'mixed epochs',
    rules: ['mixed-epochs'],
    mutate: replaceOne(
      (event, index, history): event is Loss =>
        event.kind === 'lost' && event.reason === 'epoch' && standsBetweenEpochs(history, index, event),
      () => [],
    ),
  },
  {
    name: 'received before it was sent',
    rules: ['early'],
    mutate: (history, choice) => {
      const receipts = history.filter(isReceipt);
      const chosen = receipts[choice % Math.max(1, receipts.length)];
      return chosen === undefined ? undefined : [chosen, ...history.filter((event) => event !== chosen)];
    },
  },
  {
    name: 'two messages at one place',
    rules: ['disagreement'],
    mutate: replaceOne(
      (event, _index, history): event is Receipt =>
        isReceipt(event) && history.some((other) => other !== event && isReceipt(other) && other.key === event.key),
      (event) => [{ ...event, id: 'another' }],
    ),
  },
  {
    name: 'one publish at two places',
    rules: ['repeated-effect'],
    mutate: replaceOne(
      (event, _index, history): event is Receipt =>
        isReceipt(event) && event.place !== undefined && wasAcknowledged(history, event.key),
      (event) => [{ ...event, place: event.place && { ...event.place, offset: event.place.offset + 1_000 } }],
    ),
  },
  {
    name: 'acknowledged out of order',
    rules: ['disordered'],
    mutate: (history, choice) => {
      const floors = history.filter((event) => event.kind === 'acknowledged' && event.place !== undefined);
      const chosen = floors[choice % Math.max(1, floors.length)];
      if (chosen?.kind !== 'acknowledged' || chosen.place === undefined) return undefined;
      const stream = history.find((event) => event.kind === 'publish' && event.key === chosen.key);
      if (stream?.kind !== 'publish') return undefined;
      const late = { at: chosen.at, key: 'late' };
      return [
        ...history,
        { ...late, kind: 'publish', client: stream.client, stream: stream.stream },
        { ...late, kind: 'acknowledged', id: chosen.id, place: chosen.place },
      ];
    },
  },
  {
    name: 'somebody in a room who is not',
    rules: ['presence'],
    mutate: replaceOne(
      (event): event is Extract<HistoryEvent, { readonly kind: 'present' }> => event.kind === 'present',
      (event) => [{ ...event, users: [...event.users, 'ghost'] }],
    ),
  },
  {
    name: 'an inbox that keeps what all have had',
    rules: ['kept'],
    mutate: replaceOne(
      (event): event is Extract<HistoryEvent, { readonly kind: 'kept' }> => event.kind === 'kept',
      (event) => [{ ...event, count: 1 }],
    ),
  },
  {
    name: 'an inbox that no gateway could tell of',
    rules: ['kept'],
    mutate: replaceOne(
      (event): event is Extract<HistoryEvent, { readonly kind: 'kept' }> => event.kind === 'kept',
      (event) => [{ ...event, count: undefined }],
    ),
  },
];

/** Whether the device has had a message of this inbox before this one was sent, and the store its data ever since. */
function isKnown(history: readonly HistoryEvent[], receipt: Receipt): boolean {
  const begun = history.findIndex((event) => event.kind === 'publish' && event.key === receipt.key);
  const isSafe = history.findLastIndex(({ kind }) => kind === 'data-lost') < acknowledgementOf(history, receipt.key);
  return isSafe && history.slice(0, Math.max(0, begun)).some((event) => isReceipt(event) && ofSame(event, receipt));
}

/** Whether the client has missed what another acknowledged while it was promised everything, and goes on in the same epoch. */
function hasMissed(history: readonly HistoryEvent[], index: number, loss: Loss): boolean {
  const epoch = history.slice(index + 1).find((event) => ofSame(event, loss) && event.kind !== 'recovered');
  const since = history.slice(0, index).findLastIndex((event) => ofSame(event, loss) && isPlaced.has(event.kind));
  const begun = new Set(
    history.slice(since, index).flatMap((event) => {
      const isOthers = event.kind === 'publish' && event.stream === loss.stream && event.client !== loss.client;
      return isOthers && !history.some((other) => isReceipt(other) && ofSame(other, loss) && other.key === event.key)
        ? [event.key]
        : [];
    }),
  );
  return history
    .slice(since, index)
    .some(
      (event) =>
        event.kind === 'acknowledged' &&
        begun.has(event.key) &&
        epoch?.kind === 'received' &&
        event.place?.epoch === epoch.place?.epoch,
    );
}

/** Whether receipts of two epochs would stand side by side without the loss. */
function standsBetweenEpochs(history: readonly HistoryEvent[], index: number, loss: Loss): boolean {
  const tells = (event: HistoryEvent): boolean => ofSame(event, loss) && event.kind !== 'recovered';
  const around = [history.slice(0, index).findLast(tells), history.slice(index + 1).find(tells)];
  const epochs = around.flatMap((event) => (event?.kind === 'received' ? [event.place?.epoch] : []));
  return epochs.length === 2 && epochs[0] !== epochs[1];
}
