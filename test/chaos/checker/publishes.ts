import type { HistoryEvent, Place } from '../history.js';

type Of<Kind extends HistoryEvent['kind']> = Extract<HistoryEvent, { readonly kind: Kind }>;

/** An event with its number in the history, which is its order. */
export interface Numbered<Event extends HistoryEvent = HistoryEvent> {
  readonly index: number;
  readonly event: Event;
}

export type Receipt = Numbered<Of<'received'>>;

/** Everything that is known of one publish. */
export interface Publish {
  readonly key: string;
  readonly client: string;
  readonly stream: string;
  readonly begun: Numbered<Of<'publish'>>;
  /** The last word that its publisher got. */
  end: Numbered<Of<'acknowledged' | 'failed' | 'unknown'>> | undefined;
  readonly receipts: Receipt[];
}

/** Whether its publisher may not know that it was stored. */
export const isInDoubt = ({ end }: Publish): boolean => end === undefined || end.event.kind === 'unknown';

/** What stands at one place of a stream, and what says so. */
export interface Occupant {
  readonly key: string;
  readonly id: string;
  readonly event: HistoryEvent;
}

/** Stream and epoch → offset → what everybody says that stands there. */
export type Places = ReadonlyMap<string, ReadonlyMap<number, readonly Occupant[]>>;

/** A history by its messages. */
export interface PublishIndex {
  readonly publishes: ReadonlyMap<string, Publish>;
  /** Receipts of what nobody published before. */
  readonly strangers: readonly Receipt[];
  readonly places: Places;
}

export const epochKey = (stream: string, epoch: string): string => `${stream} ${epoch}`;

/** Orders a history by its messages. */
export function indexPublishes(history: readonly HistoryEvent[]): PublishIndex {
  const publishes = new Map<string, Publish>();
  const receipts: Receipt[] = [];
  const places = new Map<string, Map<number, Occupant[]>>();
  const occupy = (stream: string, place: Place | undefined, occupant: Occupant): void => {
    if (place === undefined) return;
    const offsets = getOrAdd(places, epochKey(stream, place.epoch), () => new Map<number, Occupant[]>());
    getOrAdd(offsets, place.offset, () => []).push(occupant);
  };
  for (const [index, event] of history.entries()) {
    if (event.kind === 'publish') {
      const { key, client, stream } = event;
      publishes.set(key, { key, client, stream, begun: { index, event }, end: undefined, receipts: [] });
    } else if (event.kind === 'received') {
      receipts.push({ index, event });
      occupy(event.stream, event.place, { key: event.key, id: event.id, event });
    } else if (event.kind === 'acknowledged' || event.kind === 'failed' || event.kind === 'unknown') {
      const publish = publishes.get(event.key);
      if (publish === undefined) continue;
      publish.end = { index, event };
      if (event.kind === 'acknowledged') occupy(publish.stream, event.place, { key: event.key, id: event.id, event });
    }
  }
  return { publishes, strangers: assignReceipts(publishes, receipts), places };
}

/** Gives each publish its receipts; answers those that belong to none. */
function assignReceipts(publishes: ReadonlyMap<string, Publish>, receipts: readonly Receipt[]): readonly Receipt[] {
  return receipts.filter((receipt) => {
    const publish = publishes.get(receipt.event.key);
    if (publish?.stream !== receipt.event.stream) return true;
    publish.receipts.push(receipt);
    return false;
  });
}

/** The value of a key, which is made where there is none. */
export function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = create();
  map.set(key, created);
  return created;
}
