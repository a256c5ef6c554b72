import type { Cluster, Redis } from 'ioredis';
import { hashSlotOf } from './hash-slot.js';

/** How the client of a cluster names a node: `host:port`. */
export function nodeKey({ options }: Redis): string {
  return `${String(options.host)}:${String(options.port)}`;
}

/** The node that has a key, as far as the client knows; undefined while it knows none. */
export function ownerOf(cluster: Cluster, key: string): Redis | undefined {
  const owner = cluster.slots[hashSlotOf(key)]?.[0];
  return cluster.nodes('master').find((node) => nodeKey(node) === owner);
}
