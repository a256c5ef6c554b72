/** A send that a gateway has acknowledged. Times are of one clock, in milliseconds. */
export interface Acknowledgement {
  readonly key: string;
  /** A room, or `inbox:<user>`. */
  readonly stream: string;
  /** The number of the gateway that was asked. */
  readonly gateway: number;
  readonly at: number;
}

/** A client was told that it has missed something in a room. */
export interface Notice {
  readonly room: string;
  readonly reason: string;
  readonly at: number;
}

/** Somebody who should get everything that was acknowledged in some streams. */
export interface Follower {
  readonly name: string;
  /** `there`: connected all the time. `away`: gone before Redis failed, and back when all was over. */
  readonly presence: 'there' | 'away';
  readonly streams: readonly string[];
  /** Keys of what it got. */
  readonly received: ReadonlySet<string>;
  readonly notices: readonly Notice[];
}

/** Everything that was seen in a round. */
export interface Evidence {
  readonly acknowledgements: readonly Acknowledgement[];
  /** Sends that certainly failed. */
  readonly refusedCount: number;
  /** Sends of which nobody told what became of them. */
  readonly unknownCount: number;
  readonly followers: readonly Follower[];
  /** Keys of what the histories of the rooms hold when all is over: whoever has missed it can read it there. */
  readonly inHistory: ReadonlySet<string>;
  /** When the fault began. */
  readonly faultAt: number;
  /** When the last send was begun. */
  readonly endedAt: number;
}

const inboxPrefix = 'inbox:';

export const inboxOf = (user: string): string => `${inboxPrefix}${user}`;

/** The user whose inbox it is; undefined for a room. */
export const inboxOwner = (stream: string): string | undefined =>
  stream.startsWith(inboxPrefix) ? stream.slice(inboxPrefix.length) : undefined;
