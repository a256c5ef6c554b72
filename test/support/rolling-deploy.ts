import { createClient, type WscClient } from '@nest-wsc/client';
import { setTimeout as pause } from 'node:timers/promises';
import { callApi } from './gateway-api.js';
import { Gateways } from './gateways.js';
import { signToken } from './jwt.js';
import { Nginx } from './nginx.js';
import { startRedis } from './redis/redis-server.js';
import { until } from './until.js';

/** What a rolling deploy was like. */
export interface RollingDeploy {
  readonly clients: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** For each gateway, the longest time that one of its clients had no connection. */
  readonly outagesMs: readonly number[];
  /** Clients that resumed their session, of all that came back. */
  readonly resumed: number;
  readonly reconnected: number;
  /** What is wrong; empty: nothing was lost and nobody left behind. */
  readonly faults: readonly string[];
}

const rooms = 50;
const connectedAtOnce = 100;
const patience = { patienceMs: 180_000, everyMs: 50 } as const;
const shownFaults = 10;

/** One client in one room: what came, and whether it was told that something is missing. */
class Member {
  readonly client: WscClient;
  readonly room: string;
  readonly offsets: number[] = [];
  readonly ids: string[] = [];
  readonly notRecovered: string[] = [];
  reconnections = 0;
  resumptions = 0;
  /** The last one, until everything that was missed is on its way. */
  outageMs = 0;
  #lostAt = 0;
  #startOffset = 0;

  constructor(index: number, url: string, token: string) {
    this.room = `chat:deploy-${String(index % rooms)}`;
    this.client = createClient(url, { token });
    this.client.on('room_message', (_data, { id, offset }) => {
      this.ids.push(id);
      if (offset !== undefined) this.offsets.push(offset);
    });
    this.client.onRecovered(({ recovered }) => {
      if (!recovered) this.notRecovered.push(this.room);
    });
    this.client.onClose(() => (this.#lostAt = performance.now()));
    this.client.onReconnected(({ resumed }) => {
      this.reconnections += 1;
      this.outageMs = performance.now() - this.#lostAt;
      if (resumed) this.resumptions += 1;
    });
  }

  async join(): Promise<void> {
    await this.client.connect();
    const { position } = await this.client.joinRoom(this.room);
    this.#startOffset = position?.offset ?? 0;
  }

  /** Whether it has everything that its room was acknowledged to have. */
  hasAll(acknowledged: readonly string[]): boolean {
    return this.ids.length >= acknowledged.length;
  }

  faults(acknowledged: readonly string[]): readonly string[] {
    const expected = acknowledged.map((_id, index) => this.#startOffset + index + 1);
    return [
      ...(this.client.state === 'open' ? [] : [`a client is ${this.client.state}`]),
      ...this.notRecovered.map((room) => `${room} was not recovered`),
      ...(String(this.offsets) === String(expected)
        ? []
        : [`${this.room}: heard ${this.offsets.length} of ${expected.length}, in order or not`]),
      ...(String(this.ids) === String(acknowledged) ? [] : [`${this.room}: other messages than were acknowledged`]),
    ];
  }
}

/** All members. Closed by `await using`. */
class Crowd implements AsyncDisposable {
  readonly all: Member[] = [];

  static async join(url: string, count: number): Promise<Crowd> {
    const crowd = new Crowd();
    try {
      for (let index = 0; index < count; index += 1) {
        crowd.all.push(new Member(index, url, await signToken(`user-${String(index)}`)));
      }
      for (let start = 0; start < count; start += connectedAtOnce) {
        await Promise.all(crowd.all.slice(start, start + connectedAtOnce).map(async (member) => member.join()));
      }
      return crowd;
    } catch (error) {
      await crowd[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ client }) => client.close()));
  }
}

/** Sends to each room in turn, each message until it is acknowledged. */
class Publisher {
  readonly acknowledged = new Map<string, string[]>();
  readonly #url: string;
  readonly #token: string;
  #isOver = false;
  #running: Promise<void> | undefined;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  get count(): number {
    return [...this.acknowledged.values()].reduce((sum, { length }) => sum + length, 0);
  }

  start(everyMs: number): void {
    this.#running = this.#run(everyMs);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(everyMs: number): Promise<void> {
    for (let count = 0; !this.#isOver; count += 1) {
      const room = `chat:deploy-${String(count % rooms)}`;
      const id = `message-${String(count)}`;
      // With one id it counts once, however often it has to be sent.
      while (!(await this.#send(room, id))) await pause(50);
      this.acknowledged.set(room, [...(this.acknowledged.get(room) ?? []), id]);
      await pause(everyMs);
    }
  }

  async #send(room: string, id: string): Promise<boolean> {
    const call = { token: this.#token, body: { data: id, id } };
    const answer = await callApi(this.#url, `/api/rooms/${room}/messages`, call).catch(() => undefined);
    return answer?.status === 200;
  }
}

/**
 * Three gateways behind nginx, so many clients in 50 rooms, messages all the while, and one gateway after the other is restarted as
 * an orchestrator does it.
 * @param tell what happens, a line at a time
 */
export async function deployRolling(clientCount: number, tell: (line: string) => void): Promise<RollingDeploy> {
  await using redis = await startRedis();
  await using gateways = await Gateways.start(3, {
    REDIS_URL: redis.url,
    WSC_TRUSTED_PROXIES: '127.0.0.1',
    WSC_MAX_CONNECTIONS: '0',
    WSC_DRAIN_MS: '15000',
  });
  await using nginx = await Nginx.start(gateways.addresses);
  await using crowd = await Crowd.join(nginx.webSocketUrl, clientCount);
  const members = crowd.all;
  tell(`${String(clientCount)} clients are connected.`);
  const publisher = new Publisher(nginx.url, await signToken('operator', { user_type: 'admin' }));
  publisher.start(20);
  const outagesMs: number[] = [];
  for (const gateway of gateways.all) {
    const leaving = members.filter(({ client }) => client.connection?.nodeId === gateway.nodeId);
    const before = leaving.map(({ reconnections }) => reconnections);
    await gateway.restart();
    await until(
      () => leaving.filter(({ reconnections }, index) => reconnections === before[index]).length,
      (count) => count === 0,
      patience,
    );
    outagesMs.push(Math.max(0, ...leaving.map(({ outageMs }) => outageMs)));
    tell(
      `${gateway.nodeId} was restarted: ${String(leaving.length)} clients lost it, the last one was back after ${seconds(outagesMs.at(-1) ?? 0)}.`,
    );
  }
  await publisher.stop();
  const acknowledgedOf = ({ room }: Member): readonly string[] => publisher.acknowledged.get(room) ?? [];
  await until(
    () => members.filter((member) => !member.hasAll(acknowledgedOf(member))).length,
    (count) => count === 0,
    patience,
  ).catch(() => tell('Not everybody has everything.'));
  return {
    clients: clientCount,
    acknowledged: publisher.count,
    delivered: members.reduce((sum, { ids }) => sum + ids.length, 0),
    outagesMs,
    resumed: members.reduce((sum, { resumptions }) => sum + resumptions, 0),
    reconnected: members.reduce((sum, { reconnections }) => sum + reconnections, 0),
    faults: members.flatMap((member) => member.faults(acknowledgedOf(member))).slice(0, shownFaults),
  };
}

/** For people. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
