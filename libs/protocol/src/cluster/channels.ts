/** How many partitions names are spread over on Redis Cluster. Fixed: nodes with different counts would not hear each other. */
export const clusterPartitionCount = 128;

const utf8 = new TextEncoder();

/**
 * The partition of a name: FNV-1a (32 bits) of its UTF-8 bytes, by the number of partitions.
 * Source: draft-eastlake-fnv, offset basis 2166136261, prime 16777619.
 */
export function partitionOf(name: string, partitionCount: number): number {
  if (partitionCount === 1) return 0;
  let hash = 0x811c9dc5;
  for (const byte of utf8.encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % partitionCount;
}

/**
 * A name as a part of a key or a channel: percent-encoded, so that it holds neither a `:` nor what Redis reads as a hash tag or a
 * pattern. Different names stay different.
 * @throws {URIError} for half of a surrogate pair, which no name may hold.
 */
export function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('*', '%2A');
}

/** What {@link ClusterChannels} are made of. */
export interface ClusterChannelsOptions {
  /** What stands before every channel. @default 'wsc' */
  readonly prefix?: string;
  /** 1 on a single Redis or behind Sentinel, {@link clusterPartitionCount} on Redis Cluster. @default 1 */
  readonly partitionCount?: number;
}

/**
 * The channels on which nodes and publishers talk. Each carries a tag `{p<n>}`, by which Redis Cluster keeps what belongs together on
 * one node. They carry batches (`encodeClusterBatch`) and nothing else.
 */
export class ClusterChannels {
  readonly prefix: string;
  readonly partitionCount: number;
  /** What is meant for everyone. */
  readonly everyone: string;

  constructor({ prefix = 'wsc', partitionCount = 1 }: ClusterChannelsOptions = {}) {
    this.prefix = prefix;
    this.partitionCount = partitionCount;
    this.everyone = `${this.partition('all')}:all`;
  }

  user(userId: string): string {
    return `${this.partition(userId)}:u:${encodeName(userId)}`;
  }

  room(room: string): string {
    return `${this.partition(room)}:r:${encodeName(room)}`;
  }

  /** What one node is asked or told. */
  instance(instanceId: string): string {
    return `${this.partition(instanceId)}:n:${encodeName(instanceId)}`;
  }

  /** The number of the partition that a name is in. */
  partitionOf(name: string): number {
    return partitionOf(name, this.partitionCount);
  }

  /** What keys and channels of this name's partition start with. */
  partition(name: string): string {
    return this.partitionAt(this.partitionOf(name));
  }

  /** What keys and channels of the partition with this number start with. */
  partitionAt(index: number): string {
    return `${this.prefix}:{p${String(index)}}`;
  }
}
