import { ClusterChannels, encodeName } from '@nest-wsc/protocol/cluster';
import type { SessionPlace } from '../../core/ports/sessions.js';

const inboxKeyKinds = ['position', 'order', 'expiry', 'acks', 'texts', 'devices', 'done', 'dead'];

const requestKeyKinds = ['known', 'running', 'ended'];

/**
 * The names of everything in Redis. Keys of one user, room or instance carry the tag of its partition, so that a script which touches
 * several of them works on Redis Cluster; what a script may touch together is told by the first argument of the method.
 */
export class RedisNames extends ClusterChannels {
  /** The nodes that live: one key for all. */
  get nodes(): string {
    return `${this.prefix}:nodes`;
  }

  /** The latest revocations, in their order: a stream. */
  get revocations(): string {
    return `${this.prefix}:revocations`;
  }

  /** The partitions, by number: what has to be looked at to see everything. */
  get partitions(): readonly number[] {
    return Array.from({ length: this.partitionCount }, (_, index) => index);
  }

  /** A user's connections: a hash of connection id → entry. */
  userKey(userId: string): string {
    return `${this.partition(userId)}:user:${encodeName(userId)}`;
  }

  /** A user's connections that are about to open: a hash of connection id → place. */
  placesKey(userId: string): string {
    return `${this.partition(userId)}:places:${encodeName(userId)}`;
  }

  /** The users of a partition that are online: a sorted set in lexical order. */
  onlineKey(partition: number): string {
    return `${this.partitionAt(partition)}:online`;
  }

  /** Who is in a room: a hash of user → packed entries. */
  roomKey(room: string): string {
    return `${this.partition(room)}:room:${encodeName(room)}`;
  }

  /** Who left a room less than the grace ago: a sorted set of user → milliseconds since 1970. */
  awayKey(room: string): string {
    return `${this.partition(room)}:away:${encodeName(room)}`;
  }

  /** What an instance has in a partition: a set, for whoever tidies up behind it. */
  holdingsKey(partition: number, instanceId: string): string {
    return `${this.partitionAt(partition)}:of:${encodeName(instanceId)}`;
  }

  /** The messages of a room with history: a Redis stream, ids `<offset>-<milliseconds since 1970 at which it expires>`. */
  streamKey(room: string): string {
    return `${this.partition(room)}:stream:${encodeName(room)}`;
  }

  /** Where a room's stream has come to: a hash, see `position` in scripts/lua.ts. */
  streamPositionKey(room: string): string {
    return `${this.partition(room)}:stream-position:${encodeName(room)}`;
  }

  /** The highest versions written to a room's stream: a sorted set of key → version. */
  streamVersionsKey(room: string): string {
    return `${this.partition(room)}:stream-versions:${encodeName(room)}`;
  }

  /** When each of these keys was written last: a sorted set of key → microseconds since 1970. */
  streamVersionTimesKey(room: string): string {
    return `${this.partition(room)}:stream-version-times:${encodeName(room)}`;
  }

  /** @param hash of the key of a write to a room's stream that counts once. Holds what the first one was answered. */
  streamOnceKey(room: string, hash: string): string {
    return `${this.partition(room)}:stream-once:${encodeName(room)}:${hash}`;
  }

  /**
   * What is kept for a user, in the order in which the scripts of the inbox take it: the position and epoch (a hash, see `position` in
   * scripts/lua.ts); of the kept messages their ids by offset and by when they expire (sorted sets), which devices have them (a hash), and
   * their texts (a hash, those of dead letters too); the devices by when they were seen last, the ids of messages that all devices have by
   * offset, and the ids of dead letters by when they died (sorted sets).
   */
  inboxKeys(userId: string): readonly string[] {
    const [partition, user] = [this.partition(userId), encodeName(userId)];
    return inboxKeyKinds.map((kind) => `${partition}:inbox-${kind}:${user}`);
  }

  /** What a connection had, for the one that goes on with it. The id is a hash; the secret itself is never stored. */
  sessionKey({ sessionId, userId = sessionId }: SessionPlace): string {
    return `${this.sessionKeyStart(userId)}${encodeName(sessionId)}`;
  }

  /** What is left of a session that was taken or ended: which one took its place, or ''. */
  sessionSuccessorKey({ sessionId, userId = sessionId }: SessionPlace): string {
    return `${this.sessionSuccessorKeyStart(userId)}${encodeName(sessionId)}`;
  }

  /** What the keys of a user's sessions start with. */
  sessionKeyStart(userId: string): string {
    return `${this.partition(userId)}:session:`;
  }

  /** What the keys of what is left of a user's sessions start with. */
  sessionSuccessorKeyStart(userId: string): string {
    return `${this.partition(userId)}:session-successor:`;
  }

  /** The sessions of a user: a sorted set of encoded id → when it ends, in milliseconds since 1970. */
  userSessionsKey(userId: string): string {
    return `${this.partition(userId)}:sessions:${encodeName(userId)}`;
  }

  /**
   * The requests with an id of an owner, in the order in which the scripts take them: what is known of each (a hash, see
   * requests/scripts/lua.ts), when the nodes that run them have to have renewed that, and when the others are forgotten (sorted sets).
   */
  requestKeys(owner: string): readonly string[] {
    const [partition, name] = [this.partition(owner), encodeName(owner)];
    return requestKeyKinds.map((kind) => `${partition}:requests-${kind}:${name}`);
  }

  /** What became of a message to a user: a hash, see records/scripts/note.lua.ts. */
  messageRecordKey(userId: string, messageId: string): string {
    return `${this.partition(userId)}:message-record:${encodeName(userId)}:${encodeName(messageId)}`;
  }

  /** That a credential was revoked. */
  revokedKey(tokenId: string): string {
    return `${this.prefix}:revoked:${encodeName(tokenId)}`;
  }

  /** The open connect tokens of a user: a sorted set of hash → when it ends, in milliseconds since 1970. */
  connectTokensKey(userId: string): string {
    return `${this.partition(userId)}:connect-tokens:${encodeName(userId)}`;
  }

  /** @param hash of the connect token, which itself is never stored. */
  connectTokenKey(hash: string): string {
    return `${this.prefix}:connect-token:${hash}`;
  }
}
