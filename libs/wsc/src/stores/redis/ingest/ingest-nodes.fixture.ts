import type { RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import type { IngestListener } from '../../../core/ports/ingest.js';
import type { RedisSettings } from '@nest-wsc/redis';
import { TestHub, type TestClient } from '../../../testing/test-hub.js';
import { RedisBroker } from '../broker/redis-broker.js';
import { RedisInbox } from '../inbox/redis-inbox.js';
import type { RedisNode, RedisNodes } from '../redis-nodes.fixture.js';
import { RedisStreams } from '../streams/redis-streams.js';
import { RedisIngest, type RedisIngestOptions } from './redis-ingest.js';

/** As in production, twenty times as fast. */
const fast = { leaseMs: 500, firstRetryMs: 5 };

/** How a node of a test reads. */
export interface IngestNodeOptions extends Partial<Omit<RedisIngestOptions, 'redis'>> {
  readonly inboxMessages?: number;
  /** Stands between the stream and the hub. */
  readonly around?: (listener: IngestListener) => IngestListener;
}

/** A whole hub that reads the open stream, with users and rooms in Redis. */
export interface IngestNode {
  readonly node: RedisNode;
  readonly test: TestHub;
  readonly ingest: RedisIngest;
  /** As a crash leaves it to the others. */
  kill(): Promise<void>;
}

/** Starts a node on `redis`. It is closed with the other nodes. */
export async function startIngestNode(
  nodes: RedisNodes,
  redis: RedisSettings,
  { inboxMessages = 1_000, around = (listener) => listener, ...reading }: IngestNodeOptions = {},
): Promise<IngestNode> {
  const node = await nodes.open();
  const { cluster, connections, clock, logger } = node;
  const parts = { connections, clock, logger };
  const ingest = await RedisIngest.open({ redis, ...fast, ...reading }, parts);
  const limits = { maxMessages: inboxMessages, timeToLiveMs: 604_800_000 };
  const test = await TestHub.start({
    dependencies: {
      cluster,
      ingest: { start: (listener) => ingest.start(around(listener)), close: () => ingest.close() },
      broker: new RedisBroker({ ...parts, instanceId: () => cluster.self.instanceId }),
      inbox: new RedisInbox({ limits }, parts),
      streams: new RedisStreams(parts),
    },
  });
  test.hub.namespaces.define('order', { joinable: true, history: true });
  test.hub.namespaces.define('live', { joinable: true });
  nodes.onClose(async () => {
    clock.resume();
    await test[Symbol.asyncDispose]();
  });
  const kill = async (): Promise<void> => {
    await node.kill();
    // Its connection for reading; what is being sent is not waited for.
    void ingest.close();
  };
  return { node, test, ingest, kill };
}

/** The open stream `name`, as another program sees it. */
export function openStream(server: RedisServer, name = 'websocket:ingest') {
  return {
    add: (fields: Readonly<Record<string, string>>) => server.ask('XADD', name, '*', ...Object.entries(fields).flat()),
    length: async () => Number(await server.ask('XLEN', name)),
    /** Answers once everything was taken. */
    taken: () =>
      until(
        async () => Number(await server.ask('XLEN', name)),
        (length) => length === 0,
        { patienceMs: 15_000, everyMs: 10 },
      ),
    /** What was moved aside, as text. */
    rejected: async () => texts(await server.ask('XRANGE', `${name}:rejected`, '-', '+')),
  };
}

/** Each item of an answer, with what is in it, as one text. */
function texts(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map((item) => flat(item).join(' ')) : [];
}

function flat(item: unknown): readonly string[] {
  return Array.isArray(item) ? item.flatMap(flat) : [String(item)];
}

/** Lets a client hear what is on its way, until it has heard so much. */
export function heardBy(test: TestHub, client: TestClient, count: number): Promise<readonly unknown[]> {
  return until(
    async () => {
      await test.settle();
      return client.messages.map(({ data }) => data);
    },
    (heard) => heard.length >= count,
    { patienceMs: 15_000 },
  );
}
