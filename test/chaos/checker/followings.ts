import { inboxOwner, type HistoryEvent, type Place } from '../history.js';
import type { Numbered, Receipt } from './publishes.js';

type Recovery = Numbered<Extract<HistoryEvent, { readonly kind: 'recovered' }>>;

/**
 * A time in which a client follows a room and was promised every message: from its join, or from where it was told that it has missed
 * some, until it leaves, is told so again, or the history ends. Lost connections do not end it.
 */
export interface Following {
  readonly client: string;
  readonly stream: string;
  /** What is published from here on must come. */
  since: number;
  /** Everything above it must come; undefined where the client does not know it. */
  start: Place | undefined;
  /** Where the history says so: what came before may be below it, since messages come while a room is being joined. */
  startIndex: number;
  readonly receipts: Receipt[];
  readonly recoveries: Recovery[];
  /** Whether it ended before the history. */
  hasEnded: boolean;
  /** What began and ended it. */
  readonly bounds: HistoryEvent[];
}

/** All times in which clients followed rooms, and what reached them outside of any. */
export interface Followings {
  readonly all: readonly Following[];
  readonly strays: readonly Receipt[];
}

/** Orders a history by who followed what. */
export function indexFollowings(history: readonly HistoryEvent[]): Followings {
  const all: Following[] = [];
  const strays: Receipt[] = [];
  const current = new Map<string, Following>();
  /** Where messages may come, and none must. */
  const leaving = new Set<string>();
  const begin = (index: number, event: HistoryEvent & { readonly client: string; readonly stream: string }): void => {
    const { client, stream } = event;
    const following: Following = {
      ...{ client, stream, since: index, start: undefined, startIndex: index, hasEnded: false },
      ...{ receipts: [], recoveries: [], bounds: [event] },
    };
    all.push(following);
    current.set(nameOf(event), following);
  };
  const end = (event: HistoryEvent & { readonly client: string; readonly stream: string }): void => {
    const following = current.get(nameOf(event));
    if (following === undefined) return;
    following.hasEnded = true;
    following.bounds.push(event);
    current.delete(nameOf(event));
  };
  for (const [index, event] of history.entries()) {
    switch (event.kind) {
      case 'joining':
        // The room's messages may come before the answer.
        if (!current.has(nameOf(event))) begin(index, event);
        break;
      case 'joined':
        placeStart(current.get(nameOf(event)), index, event);
        break;
      case 'received': {
        if (inboxOwner(event.stream) !== undefined) break;
        const following = current.get(nameOf(event));
        if (following !== undefined) following.receipts.push({ index, event });
        else if (!leaving.has(nameOf(event))) strays.push({ index, event });
        break;
      }
      case 'recovered':
        current.get(nameOf(event))?.recoveries.push({ index, event });
        break;
      case 'lost':
        if (leaving.has(nameOf(event))) break;
        end(event);
        begin(index, event);
        break;
      case 'leaving':
        end(event);
        leaving.add(nameOf(event));
        break;
      case 'left':
        end(event);
        leaving.delete(nameOf(event));
        break;
      default:
    }
  }
  return { all, strays };
}

const nameOf = ({ client, stream }: { readonly client: string; readonly stream: string }): string =>
  `${client} ${stream}`;

function placeStart(
  following: Following | undefined,
  index: number,
  event: Extract<HistoryEvent, { readonly kind: 'joined' }>,
): void {
  const isFirst = following?.bounds.every(({ kind }) => kind === 'joining') === true;
  if (following === undefined || !isFirst) return;
  following.since = index;
  following.start = event.place;
  following.startIndex = index;
  following.bounds.push(event);
}
