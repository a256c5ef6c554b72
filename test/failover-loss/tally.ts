import { inboxOwner, type Acknowledgement, type Evidence, type Follower } from './evidence.js';

/** Messages that were acknowledged, and what became of them. */
export interface Loss {
  readonly acknowledgedCount: number;
  /** That never came to somebody who should have got them. */
  readonly missedCount: number;
  /** Of these, the ones that are not in the room's history either. */
  readonly lostCount: number;
  /** From the acknowledgement of the first that is lost to that of the last. */
  readonly lostForMs: number;
}

/** What a round came to. */
export interface Tally {
  /** Durable messages to users who were away, and to users who were connected. */
  readonly inbox: Readonly<Record<Follower['presence'], Loss>>;
  /** Messages to rooms with history, for members who were away and for members who were connected. */
  readonly rooms: Readonly<Record<Follower['presence'], Loss>>;
  /** Messages to rooms, counted for each member who never got it and was not told since the fault that something is missing. */
  readonly untoldCount: number;
  /** The reasons that members were told. */
  readonly reasons: readonly string[];
  /** The longest time without an acknowledged send, on the gateway that was worse off. */
  readonly outageMs: number;
  readonly refusedCount: number;
  readonly unknownCount: number;
}

/** Counts what is lost, and what was lost in silence. */
export function tally(evidence: Evidence): Tally {
  const { acknowledgements, followers, inHistory, refusedCount, unknownCount, faultAt } = evidence;
  const byStream = groupBy(acknowledgements, ({ stream }) => stream);
  const lossOf = (presence: Follower['presence'], isWanted: (stream: string) => boolean): Loss =>
    addUp(
      byStream,
      followers
        .filter((follower) => follower.presence === presence)
        .map((follower) => ({ ...follower, streams: follower.streams.filter(isWanted) })),
      inHistory,
    );
  const isInbox = (stream: string): boolean => inboxOwner(stream) !== undefined;
  const isRoom = (stream: string): boolean => !isInbox(stream);
  const notices = followers.flatMap((follower) => follower.notices.filter(({ at }) => at >= faultAt));
  return {
    inbox: { away: lossOf('away', isInbox), there: lossOf('there', isInbox) },
    rooms: { away: lossOf('away', isRoom), there: lossOf('there', isRoom) },
    untoldCount: followers.reduce((sum, follower) => sum + untoldOf(follower, byStream, faultAt), 0),
    reasons: [...new Set(notices.map(({ reason }) => reason))].sort(),
    outageMs: Math.round(longestOutageMs(evidence)),
    refusedCount,
    unknownCount,
  };
}

type ByStream = ReadonlyMap<string, readonly Acknowledgement[]>;

/** A message that several have missed counts once. */
function addUp(byStream: ByStream, followers: readonly Follower[], inHistory: ReadonlySet<string>): Loss {
  const missed = new Map<string, number>();
  for (const follower of followers) {
    for (const stream of follower.streams) {
      for (const { key, at } of missingOf(follower, byStream.get(stream))) missed.set(key, at);
    }
  }
  const lostAt = [...missed].flatMap(([key, at]) => (inHistory.has(key) ? [] : [at]));
  const streams = new Set(followers.flatMap((follower) => follower.streams));
  return {
    acknowledgedCount: [...streams].reduce((sum, stream) => sum + (byStream.get(stream)?.length ?? 0), 0),
    missedCount: missed.size,
    lostCount: lostAt.length,
    lostForMs: lostAt.length === 0 ? 0 : Math.round(Math.max(...lostAt) - Math.min(...lostAt)),
  };
}

function untoldOf(follower: Follower, byStream: ByStream, faultAt: number): number {
  const told = new Set(follower.notices.filter(({ at }) => at >= faultAt).map(({ room }) => room));
  const untold = follower.streams.filter((stream) => inboxOwner(stream) === undefined && !told.has(stream));
  return untold.reduce((sum, room) => sum + missingOf(follower, byStream.get(room)).length, 0);
}

const missingOf = ({ received }: Follower, acknowledged: readonly Acknowledgement[] = []): readonly Acknowledgement[] =>
  acknowledged.filter(({ key }) => !received.has(key));

function longestOutageMs({ acknowledgements, endedAt }: Evidence): number {
  const outages = [...groupBy(acknowledgements, ({ gateway }) => gateway).values()].map((own) => {
    const times = [...own.map(({ at }) => at), endedAt].sort((a, b) => a - b);
    return times.reduce((longest, at, index) => Math.max(longest, at - (times[index - 1] ?? at)), 0);
  });
  return Math.max(0, ...outages);
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
