import type { RedisOptions } from '@nest-wsc/redis';
import type { BrokerMessage, DeliveryCount } from '../../../core/ports/broker.js';
import { SystemClock } from '../../../system/system-clock.js';
import { MemoryLogger } from '../../../testing/memory-logger.js';
import { OpenChannels } from '../open/open-channels.js';
import { RedisConnections } from '../redis-connections.js';
import { RedisBroker } from './redis-broker.js';

const clock = new SystemClock();
let opened = 0;

/** What a node says of every message: so many of its connections got it. */
export const localCount: DeliveryCount = Object.freeze({ queued: 2, dropped: 1 });

/** A broker with connections of its own, which end with it. */
export class BrokerNode extends RedisBroker implements AsyncDisposable {
  readonly connections: RedisConnections;
  readonly openChannels: OpenChannels;
  readonly logger: MemoryLogger;
  readonly heard: BrokerMessage[] = [];
  /** May be given another one, as a node has that the others took for dead. */
  readonly name: { instanceId: string };

  private constructor(connections: RedisConnections, logger: MemoryLogger) {
    opened += 1;
    const name = { instanceId: `node-${String(opened)}.0a1b2c3d` };
    const openChannels = new OpenChannels({ connections, clock, logger });
    super({ connections, clock, logger, openChannels, instanceId: () => name.instanceId });
    this.connections = connections;
    this.openChannels = openChannels;
    this.logger = logger;
    this.name = name;
  }

  static async open(options: RedisOptions): Promise<BrokerNode> {
    const logger = new MemoryLogger();
    return new BrokerNode(await RedisConnections.open(options, { clock, logger }), logger);
  }

  /** Opened, started, and listening to what comes. */
  static async start(options: RedisOptions): Promise<BrokerNode> {
    const node = await BrokerNode.open(options);
    await node.start((message) => {
      node.heard.push(message);
      return localCount;
    });
    return node;
  }

  get heardIds(): readonly string[] {
    return this.heard.map(({ message }) => message.id);
  }

  override async close(): Promise<void> {
    await super.close();
    await this.connections.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
