import { Hub } from '../../core/hub.js';
import { defaultHubOptions } from '../../core/hub-options.js';
import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { MemoryCluster } from '../../stores/memory/memory-cluster.js';
import { MemoryPresence } from '../../stores/memory/memory-presence.js';
import { MemoryInbox } from '../../stores/memory/memory-inbox.js';
import { MemorySessions } from '../../stores/memory/memory-sessions.js';
import { MemoryStreams } from '../../stores/memory/memory-streams.js';
import { SystemClock } from '../../system/system-clock.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { RawClient } from './raw-client.fixture.js';
import { TransportFixture } from './scripted-host.fixture.js';

const room = 'ticker:acme';
const budget = 8;

/** A hub on real sockets, whose rooms drop their oldest messages. */
class Node implements AsyncDisposable {
  readonly hub: Hub;
  readonly #fixture: TransportFixture;

  private constructor(hub: Hub, fixture: TransportFixture) {
    this.hub = hub;
    this.#fixture = fixture;
  }

  static async start(): Promise<Node> {
    const logger = new MemoryLogger();
    const clock = new SystemClock();
    const broker = new MemoryBroker();
    const hub = new Hub(
      { ...defaultHubOptions, nodeId: 'node', outbox: { ...defaultHubOptions.outbox, maxMessages: budget } },
      {
        ...{ clock, logger, broker, presence: new MemoryPresence(), streams: new MemoryStreams({ clock, broker }) },
        inbox: new MemoryInbox({ clock, broker }),
        sessions: new MemorySessions({ clock }),
        cluster: new MemoryCluster({ nodeId: 'node', instanceId: 'node', startedAt: 0 }),
      },
    );
    hub.paths.add({ pattern: '/ws' });
    hub.namespaces.define('ticker', { backpressure: 'drop-oldest' });
    await hub.start();
    return new Node(hub, await TransportFixture.start({ logger, hub }));
  }

  /** A client in the room that has heard its welcome. */
  async connect(): Promise<RawClient> {
    const known = new Set(this.hub.connections());
    const client = await RawClient.connect(this.#fixture.port);
    await client.open();
    await client.frame();
    for (const connection of this.hub.connections()) if (!known.has(connection)) await connection.join(room);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub.close();
    await this.#fixture[Symbol.asyncDispose]();
  }
}

async function hear(client: RawClient): Promise<number> {
  const envelope: unknown = JSON.parse((await client.frame()).payload.toString());
  if (typeof envelope === 'object' && envelope !== null && 'data' in envelope) {
    const { data } = envelope;
    if (typeof data === 'object' && data !== null && 'count' in data) return Number(data.count);
  }
  throw new Error(`Expected a message with a count, got ${JSON.stringify(envelope)}`);
}

describe('a client that stops reading in a drop-oldest room', () => {
  it('hears the newest once it reads again and never what was dropped, and others hear all', async () => {
    await using node = await Node.start();
    await using slow = await node.connect();
    await using quick = await node.connect();
    const stats = () => node.hub.stats();
    slow.pause();
    let sent = 0;
    for (; stats().droppedMessages < 3 * budget; sent += 1) {
      await node.hub.sendToRoom(room, { event: 'tick', data: { count: sent, text: 'x'.repeat(60_000) } });
      expect(await hear(quick)).toBe(sent);
    }
    const dropped = stats().droppedByPolicy['drop-oldest'];
    expect(stats()).toMatchObject({ droppedMessages: dropped, totalClients: 2, blockedConnections: 1 });

    slow.resume();
    const heard: number[] = [];
    while (heard.at(-1) !== sent - 1) heard.push(await hear(slow));
    const newest = Array.from({ length: budget }, (_, index) => sent - budget + index);
    expect(heard.slice(-budget)).toEqual(newest);
    // In order, nothing twice, and all but what was dropped.
    expect(heard).toEqual([...new Set(heard)].sort((one, other) => one - other));
    expect(heard.length).toBe(sent - dropped);
    expect(stats()).toMatchObject({ totalClients: 2, closedSlowConsumers: 0 });
  }, 30_000);
});
