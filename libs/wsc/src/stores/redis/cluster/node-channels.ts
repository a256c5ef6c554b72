import type { Cluster, Redis } from 'ioredis';
import type { Logger } from '../../../core/ports/logger.js';
import type { RedisConnections } from '../redis-connections.js';
import { encodeNodeMessage, parseNodeMessage, type NodeMessage, type Received } from './node-messages.js';

/** What {@link NodeChannels} need. */
export interface NodeChannelsDependencies {
  readonly connections: RedisConnections;
  readonly logger: Logger;
  readonly onMessage: (received: Received) => void;
}

/** How nodes reach each other: each listens to a channel of its own. */
export class NodeChannels {
  readonly #deps: NodeChannelsDependencies;
  #hasWarned = false;

  constructor(dependencies: NodeChannelsDependencies) {
    this.#deps = dependencies;
  }

  /** @throws {WscError} WSC_UNAVAILABLE */
  async listen(instanceId: string): Promise<void> {
    const { subscriber, names } = this.#deps.connections;
    await subscriber.subscribe(names.instance(instanceId), (payload) => this.#received(payload));
  }

  unlisten(instanceId: string): void {
    const { subscriber, names } = this.#deps.connections;
    subscriber.unsubscribe(names.instance(instanceId));
  }

  /** Answers whether the instance listens. Rejects as ioredis does, and for what JSON can't write. */
  async send(from: string, to: string, message: NodeMessage): Promise<boolean> {
    const { commands, names } = this.#deps.connections;
    const payload = encodeNodeMessage(from, message);
    const channel = names.instance(to);
    const listeners = isCluster(commands) ? commands.spublish(channel, payload) : commands.publish(channel, payload);
    return Number(await listeners) > 0;
  }

  #received(payload: Buffer): void {
    const received = parseNodeMessage(payload);
    if (received !== undefined) {
      this.#deps.onMessage(received);
      return;
    }
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#deps.logger.warn('Another node said something that this one does not understand. Are both of one version?', {
      bytes: payload.length,
    });
  }
}

function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}
