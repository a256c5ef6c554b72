import type { HistoryEvent, Place } from '../history.js';
import type { Following } from './followings.js';
import { epochKey, isInDoubt, type Occupant, type Publish, type PublishIndex, type Receipt } from './publishes.js';
import type { Violation } from './violation.js';

/** What the checks of one following look things up in. */
export interface FollowingContext {
  readonly index: PublishIndex;
  /** Stream → its publishes. */
  readonly byStream: ReadonlyMap<string, readonly Publish[]>;
}

/** A client that follows a room gets each message of it, once, in order, from one epoch. */
export function* checkFollowing(following: Following, context: FollowingContext): Generator<Violation> {
  yield* checkOrder(following);
  const reported = new Set<string>();
  yield* checkHoles(following, context, reported);
  if (!following.hasEnded) yield* checkArrivals(following, context, reported);
}

function* checkOrder(following: Following): Generator<Violation> {
  const { start, startIndex, receipts } = following;
  const early = receipts.filter(({ index }) => index < startIndex);
  yield* checkSequence(following, early, undefined);
  const reached = early.at(-1)?.event.place;
  const begin = start !== undefined && !isPast(reached, start) ? start : reached;
  yield* checkSequence(following, receipts.slice(early.length), begin);
}

const isPast = (place: Place | undefined, other: Place): boolean =>
  place?.epoch === other.epoch && place.offset > other.offset;

function* checkSequence(
  { client, stream }: Following,
  receipts: readonly Receipt[],
  begin: Place | undefined,
): Generator<Violation> {
  let last = begin;
  let lastEvent: HistoryEvent | undefined;
  for (const { event } of receipts) {
    const { place } = event;
    if (place === undefined) continue;
    const events = lastEvent === undefined ? [event] : [lastEvent, event];
    if (last !== undefined && place.epoch !== last.epoch) {
      const text = `${client} follows ${stream} in ${last.epoch} and got ${event.key} of ${place.epoch} without being told.`;
      yield { rule: 'mixed-epochs', text, events };
    } else if (last !== undefined && place.offset <= last.offset) {
      const text = `${client} got ${event.key} at ${String(place.offset)} of ${stream} after ${String(last.offset)}.`;
      yield { rule: 'disordered', text, events };
    }
    last = place;
    lastEvent = event;
  }
}

/** Between the first and the last that must come there is no place that did not. */
function* checkHoles(
  following: Following,
  { index, byStream }: FollowingContext,
  reported: Set<string>,
): Generator<Violation> {
  const { client, stream, since, start, receipts } = following;
  const first = start ?? firstPlace(following);
  if (first === undefined) return;
  const occupants = index.places.get(epochKey(stream, first.epoch)) ?? new Map<number, readonly Occupant[]>();
  const received = new Set(
    receipts.flatMap(({ event: { place } }) => (place?.epoch === first.epoch ? [place.offset] : [])),
  );
  const mayBeOwn = byStream.get(stream)?.some((publish) => publish.client === client && isInDoubt(publish)) === true;
  const last = lastOffset(following, received, occupants);
  for (let offset = first.offset + 1; offset <= last; offset++) {
    if (received.has(offset)) continue;
    const key = occupants.get(offset)?.[0]?.key;
    const publish = key === undefined ? undefined : index.publishes.get(key);
    if (publish?.client === client || (publish === undefined && mayBeOwn)) continue;
    // A client that was in the room before does not handle again what it had then.
    if (publish?.receipts.some(({ index: at, event }) => event.client === client && at < since) === true) continue;
    if (key !== undefined) reported.add(key);
    yield describeHole(following, { offset, key, epoch: first.epoch, occupant: occupants.get(offset)?.[0] });
  }
}

/** Where the client does not know where it began: what it got first, or what its first recovery went on from. */
function firstPlace({ receipts, recoveries }: Following): Place | undefined {
  const [receipt] = receipts;
  const [recovery] = recoveries;
  if (receipt?.event.place === undefined || recovery === undefined || recovery.index > receipt.index) {
    return receipt?.event.place;
  }
  return { offset: Math.min(recovery.event.from, receipt.event.place.offset), epoch: receipt.event.place.epoch };
}

/** Of one that has ended, nothing is promised beyond what came and where a recovery began; otherwise everything that anybody knows of. */
function lastOffset(
  { hasEnded, recoveries }: Following,
  received: ReadonlySet<number>,
  occupants: ReadonlyMap<number, unknown>,
): number {
  let last = 0;
  for (const offset of hasEnded ? received : occupants.keys()) last = Math.max(last, offset);
  for (const { event } of recoveries) last = Math.max(last, hasEnded ? event.from : event.to);
  return last;
}

function describeHole(
  { client, stream, receipts, recoveries, bounds }: Following,
  hole: {
    readonly offset: number;
    readonly epoch: string;
    readonly key: string | undefined;
    readonly occupant: Occupant | undefined;
  },
): Violation {
  const { offset, epoch, key, occupant } = hole;
  const promise = recoveries.find(({ event }) => offset <= event.to);
  const before = receipts.findLast(({ event }) => (event.place?.offset ?? offset) < offset);
  const after = receipts.find(({ event }) => (event.place?.offset ?? 0) > offset);
  const found = [occupant?.event, before?.event, promise?.event, after?.event, ...bounds];
  return {
    rule: promise === undefined ? 'lost' : 'false-recovery',
    text: `${client} did not get ${key ?? 'what stands'} at ${String(offset)} of ${stream} in ${epoch}.`,
    events: found.filter((event) => event !== undefined),
  };
}

/** What was begun while the client followed, and acknowledged, has come, whatever the epoch. */
function* checkArrivals(
  following: Following,
  { byStream }: FollowingContext,
  reported: ReadonlySet<string>,
): Generator<Violation> {
  const { client, stream, since, receipts, bounds } = following;
  const received = new Set(receipts.map(({ event }) => event.key));
  for (const { key, client: publisher, begun, end } of byStream.get(stream) ?? []) {
    if (publisher === client || begun.index < since || end?.event.kind !== 'acknowledged') continue;
    if (received.has(key) || reported.has(key)) continue;
    const text = `${client} follows ${stream} and did not get ${key}.`;
    yield { rule: 'lost', text, events: [...bounds, begun.event, end.event] };
  }
}
