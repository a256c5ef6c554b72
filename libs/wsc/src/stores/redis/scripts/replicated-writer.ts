import { WscError } from '@nest-wsc/protocol';
import { isCluster, redisError, withoutCommand } from '@nest-wsc/redis';
import type { Cluster, Redis } from 'ioredis';
import { ownerOf } from '../cluster-nodes.js';
import { ServerIdentity } from '../server-identity.js';
import { runScript, type Script, type ScriptCall } from './script.js';
import type { ScriptWriter } from './script-writer.js';

/** What a {@link ReplicatedWriter} needs. */
export interface ReplicatedWriterOptions {
  /** Nobody else's: while replicas are waited for, Redis does nothing else on it. */
  readonly client: Redis | Cluster;
  /** How many must have a message. */
  readonly replicaCount: number;
}

/** Less than a command may take. */
const patienceMs = 700;

/**
 * A message is kept once replicas have it, too (`WAIT`): a failover to one of them loses nothing of it. Where they don't say so in time it
 * is not known whether it is kept, and whoever sends it again with its id gets the first answer once they do.
 */
export class ReplicatedWriter implements ScriptWriter {
  readonly server: ServerIdentity;
  readonly #client: Redis | Cluster;
  readonly #replicaCount: number;
  /** What asks for the writes of this turn, for each node. */
  readonly #waits = new Map<Redis, Promise<number>>();

  constructor({ client, replicaCount }: ReplicatedWriterOptions) {
    this.#client = client;
    this.#replicaCount = replicaCount;
    this.server = new ServerIdentity(client);
  }

  async run(script: Script, call: ScriptCall): Promise<unknown> {
    try {
      return await this.#runOnce(script, call);
    } catch (error) {
      if (!isMoved(error) || !isCluster(this.#client)) throw error;
      await refreshSlots(this.#client);
      return this.#runOnce(script, call);
    }
  }

  async #runOnce(script: Script, call: ScriptCall): Promise<unknown> {
    const node = this.#nodeOf(call);
    if (node?.status !== 'ready') throw redisError(new Error('Redis is not connected.'));
    const { stream } = node;
    const answer = await runScript(node, script, call);
    const replicaCount = await this.#wait(node).catch((cause: unknown) => {
      throw this.#unknown(cause);
    });
    // On another connection Redis answers at once, since nothing was written there.
    if (replicaCount >= this.#replicaCount && node.stream === stream) return answer;
    throw this.#unknown();
  }

  /** Redis has it, and whether that lasts is open; also where Redis does not let us wait. */
  #unknown(cause?: unknown): WscError {
    const message = `Redis has it, and it is not known whether ${String(this.#replicaCount)} of its replicas do.`;
    return new WscError('WSC_TIMEOUT', { message, cause: withoutCommand(cause) });
  }

  #nodeOf({ keys: [key = ''] }: ScriptCall): Redis | undefined {
    return isCluster(this.#client) ? ownerOf(this.#client, key) : this.#client;
  }

  /** One `WAIT` for all that was answered until this turn's end: Redis counts everything that came before it on the connection. */
  #wait(node: Redis): Promise<number> {
    const existing = this.#waits.get(node);
    if (existing !== undefined) return existing;
    const wait = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#waits.delete(node);
      return node.wait(this.#replicaCount, patienceMs);
    });
    this.#waits.set(node, wait);
    return wait;
  }
}

function isMoved(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('MOVED ');
}

function refreshSlots(cluster: Cluster): Promise<void> {
  return new Promise((resolve, reject) => {
    cluster.refreshSlotsCache((error) => {
      if (error instanceof Error) reject(redisError(error));
      else resolve();
    });
  });
}
