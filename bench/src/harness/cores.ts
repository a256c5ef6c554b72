import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The cores that servers, load generator and Redis run on; undefined where processes can't be bound to one. */
export interface Cores {
  /** All nodes of a system share it: what is compared is their CPU, which nobody waits for. */
  readonly server: number | undefined;
  readonly load: number | undefined;
  /** That of the load generator, where there is no third: so the nodes keep theirs to themselves. */
  readonly redis: number | undefined;
}

/** Wherever the system likes. */
export const anyCore: Cores = { server: undefined, load: undefined, redis: undefined };

/** A core each, as far as there are so many, where there are two and `taskset` (Linux) to bind to them. */
export function findCores(): Cores {
  const count = availableParallelism();
  const canBind = count >= 2 && spawnSync('taskset', ['-c', '0,1', 'true']).status === 0;
  return canBind ? { server: 0, load: 1, redis: count > 2 ? 2 : 1 } : anyCore;
}

/** The command that runs another one on a core, or wherever the system likes. */
export function boundTo(core: number | undefined, command: readonly string[]): readonly string[] {
  return core === undefined ? command : ['taskset', '-c', String(core), ...command];
}

/** Whether Redis takes of the CPU that the load generator has. */
export function isRedisBesideLoad({ redis, load }: Cores): boolean {
  return redis !== undefined && redis === load;
}

/** What ran where, in words. `redis` names the Redis that took part, where one did. */
export function describePlacement(cores: Cores, redis: string | undefined): string {
  if (cores.server === undefined) return redis === undefined ? 'all on any core' : `all, ${redis} too, on any core`;
  if (redis === undefined) return `server on core ${cores.server}, load generator on core ${String(cores.load)}`;
  const rest = isRedisBesideLoad(cores)
    ? `load generator and ${redis} together on core ${String(cores.load)}`
    : `load generator on core ${String(cores.load)}, ${redis} on core ${String(cores.redis)}`;
  return `all nodes together on core ${cores.server}, ${rest}`;
}
