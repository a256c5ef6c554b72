import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The cores that server and load generator have to themselves; undefined where processes can't be bound to one. */
export interface Cores {
  readonly server: number | undefined;
  readonly load: number | undefined;
}

/** Wherever the system likes. */
export const anyCore: Cores = { server: undefined, load: undefined };

/** One core each, where there are two and `taskset` (Linux) to bind to them. */
export function findCores(): Cores {
  const canBind = availableParallelism() >= 2 && spawnSync('taskset', ['-c', '0,1', 'true']).status === 0;
  return canBind ? { server: 0, load: 1 } : anyCore;
}
