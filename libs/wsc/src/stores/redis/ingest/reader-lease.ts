import type { Clock } from '../../../core/ports/clock.js';
import { createEpoch } from '../../shared/create-epoch.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript } from '../scripts/script.js';
import { holdScript, releaseScript } from './scripts/lease.lua.js';

/** What a {@link ReaderLease} needs. */
export interface ReaderLeaseOptions {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  /** A holder that does not renew it for so long has lost it. */
  readonly leaseMs: number;
}

/** A tenth of the time is left for what was begun while it was held. */
const sureShare = 0.9;

/** The right to read the open stream, which one node has at a time: so its entries keep their order. */
export class ReaderLease {
  readonly #options: ReaderLeaseOptions;
  readonly #holder = createEpoch();
  /** Monotonic; until then nobody else has it. */
  #heldUntil = 0;

  constructor(options: ReaderLeaseOptions) {
    this.#options = options;
  }

  /** Whether nobody else can have it now, by this node's own clock: a process that was stopped for a while finds that it has lost it. */
  get isHeld(): boolean {
    return this.#options.clock.monotonic() < this.#heldUntil;
  }

  /** Takes it, or keeps it; answers whether this node has it. Rejects where Redis can't say. */
  async hold(): Promise<boolean> {
    const { connections, clock, leaseMs } = this.#options;
    // Counted from before it is asked for: Redis begins to count later.
    const askedAt = clock.monotonic();
    const call = { keys: [leaseKey(connections)], args: [this.#holder, leaseMs] };
    const isHeld = (await runScript(connections.commands, holdScript, call)) === 1;
    this.#heldUntil = isHeld ? askedAt + leaseMs * sureShare : 0;
    return isHeld;
  }

  /** Lets another node have it at once. Rejects where Redis can't be told; then it runs out. */
  async release(): Promise<void> {
    this.#heldUntil = 0;
    const { connections } = this.#options;
    const call = { keys: [leaseKey(connections)], args: [this.#holder] };
    await runScript(connections.commands, releaseScript, call);
  }
}

function leaseKey({ openPrefix }: RedisConnections): string {
  return `${openPrefix}:ingest:reader`;
}
