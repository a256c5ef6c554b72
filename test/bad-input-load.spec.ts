import { setTimeout as pace } from 'node:timers/promises';
import { GatewayProcess } from './support/gateway-process.js';
import {
  connectAs,
  endUnharmed,
  expectUnharmed,
  gatewayEnvironment,
  statsOf,
  untilNobodyIsLeft,
  untilStats,
} from './support/gateway-users.js';
import { bearer } from './support/jwt.js';
import { RawClient, upgradeText, type RawAnswer } from './support/raw-client.js';
import type { WscClient } from './support/wsc-client.js';

// Each start of a gateway takes many seconds on a busy machine.
jest.setTimeout(60_000);

const mebibyte = 1_048_576;

let gateway: GatewayProcess;
// Takes its ten seconds beside the other tests.
let trickled: Promise<PromiseSettledResult<RawAnswer>>;

beforeAll(async () => {
  gateway = await GatewayProcess.start(gatewayEnvironment);
  trickled = Promise.allSettled([trickle()]).then(([result]) => result);
});

afterEach(() => expectUnharmed(gateway));

afterAll(() => endUnharmed(gateway));

/** Sends one header of an upgrade after the other, without an end; answers what it hears. */
async function trickle(): Promise<RawAnswer> {
  await using client = await RawClient.connect(gateway.url);
  client.write(upgradeText({ headers: await bearer('trickle') }).slice(0, -2));
  const trickling = setInterval(() => client.write('X-More: and more\r\n'), 200);
  try {
    return await client.answer();
  } finally {
    clearInterval(trickling);
  }
}

/** Sends up to 10,000 messages a second until it is closed. */
async function flood(client: WscClient): Promise<void> {
  for (let count = 0; client.socket.readyState === client.socket.OPEN; count += 100) {
    for (let index = 0; index < 100; index += 1)
      client.send({ type: 'request', event: 'echo', request_id: `f${count + index}`, data: index });
    await pace(10);
  }
}

/** Asks within the rate that everybody has until `isOver`; answers how long each answer took, in ms, the longest last. */
async function measureAnswers(client: WscClient, isOver: () => boolean): Promise<readonly number[]> {
  const times: number[] = [];
  while (!isOver()) {
    const startedAt = performance.now();
    await client.request('echo', 'hello');
    times.push(performance.now() - startedAt);
    await pace(15);
  }
  return times.sort((a, b) => a - b);
}

/** A room in which one talks, one listens and the others have stopped reading. */
class LoudRoom implements AsyncDisposable {
  static readonly #name = 'doc:loud';
  readonly #gateway: GatewayProcess;
  readonly #talker: WscClient;
  readonly #listener: WscClient;
  readonly deaf: readonly WscClient[];

  private constructor(gateway: GatewayProcess, [talker, listener, ...deaf]: readonly WscClient[]) {
    if (talker === undefined || listener === undefined) throw new Error('Expected one to talk and one to listen.');
    this.#gateway = gateway;
    this.#talker = talker;
    this.#listener = listener;
    this.deaf = deaf;
  }

  static async fill(gateway: GatewayProcess, deafCount: number): Promise<LoudRoom> {
    const names = ['ann', 'bob', ...Array.from({ length: deafCount }, (_, index) => `deaf-${index}`)];
    const clients = await Promise.all(names.map((name) => connectAs(gateway, name)));
    for (const client of clients) await client.request('join_room', { room: LoudRoom.#name });
    for (const client of clients.slice(2)) client.socket.pause();
    return new LoudRoom(gateway, clients);
  }

  /** Talks until all who do not read are closed, however much the kernel takes for them. The listener hears it all. */
  async talkUntilClosed(): Promise<void> {
    const room = LoudRoom.#name;
    const text = 'x'.repeat(400_000);
    const closedCount = async () => (await statsOf(this.#gateway))['closed_slow_consumers'];
    for (let count = 0; (await closedCount()) !== this.deaf.length; count += 1) {
      await this.#talker.request('room_message', { room, data: { count, text } });
      expect(await this.#listener.hear({ event: 'room_message' })).toMatchObject({ data: { count } });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#talker, this.#listener, ...this.deaf].map((client) => client[Symbol.asyncDispose]()));
  }
}

describe('a flood of messages', () => {
  it('is answered with WSC_LIMIT_EXCEEDED once a second and closed with 4029 after ten, and neighbours are served', async () => {
    await using mallory = await connectAs(gateway, 'mallory');
    await using ann = await connectAs(gateway, 'ann');
    const startedAt = performance.now();
    let isOver = false;
    const closed = mallory.closed.then((close) => {
      isOver = true;
      return { ...close, afterMs: performance.now() - startedAt };
    });
    const [, times, end] = await Promise.all([flood(mallory), measureAnswers(ann, () => isOver), closed]);

    expect(end).toMatchObject({ code: 4029, reason: 'rate limited' });
    expect(end.afterMs).toBeGreaterThan(9_000);
    const refusals = mallory.unheard.filter((message) => JSON.stringify(message).includes('WSC_LIMIT_EXCEEDED'));
    // Once a second, by the next message; a second without one would begin the ten anew, so it is every other second at least.
    expect(refusals.length).toBeGreaterThanOrEqual(5);
    expect(refusals.length).toBeLessThanOrEqual(end.afterMs / 1_000 + 1);
    expect(refusals[0]).toMatchObject({ type: 'error', code: 429, retry_after_ms: expect.any(Number) });
    // 200 at once and 100 a second, and no more.
    expect(mallory.unheard.length - refusals.length).toBeLessThan(200 + 100 * (end.afterMs / 1_000 + 1));
    // A few milliseconds where the machine has nothing else to do. It may have, so this is the median.
    expect(times[Math.floor(times.length / 2)]).toBeLessThan(500);
  });

  it('of garbage ends at the tenth', async () => {
    await using mallory = await connectAs(gateway, 'mallory');
    for (let count = 0; count < 10_000; count += 1) mallory.send('{"type":');
    expect((await mallory.closed).code).toBe(4502);
    expect(mallory.unheard.length).toBeLessThanOrEqual(10);
  });

  it('of pings is limited too', async () => {
    await using mallory = await connectAs(gateway, 'mallory');
    const startedAt = performance.now();
    for (let count = 0; count < 5_000; count += 1) mallory.send({ type: 'ping' });
    await mallory.hear({ error: 'WSC_LIMIT_EXCEEDED' });
    expect(await mallory.request('echo', 'messages are counted apart')).toMatchObject({ type: 'response' });
    // 400 at once and 200 a second.
    expect(mallory.unheard.length).toBeLessThan(400 + 200 * ((performance.now() - startedAt) / 1_000 + 1));
  });
});

describe('headers that trickle in', () => {
  it('are answered with 408', async () => {
    const result = await trickled;
    expect(result).toMatchObject({ status: 'fulfilled', value: { status: 408 } });
    if (result.status === 'fulfilled') expect(JSON.parse(result.value.body)).toMatchObject({ code: 408 });
  });
});

describe('clients that never read', () => {
  /** Without the write time-out: only a full outbox may close. */
  const patientGateway = () => GatewayProcess.start({ ...gatewayEnvironment, WSC_WRITE_TIMEOUT_MS: '0' });

  it('are closed with 4008 once their outbox is full, and may still read why', async () => {
    await using patient = await patientGateway();
    await using crowd = await LoudRoom.fill(patient, 1);
    await crowd.talkUntilClosed();
    const [deaf] = crowd.deaf;
    deaf?.socket.resume();
    expect(await deaf?.closed).toEqual({ code: 4008, reason: 'slow consumer' });
  });

  it('cost their own outbox: neighbours hear everything, memory stays bounded', async () => {
    await using patient = await patientGateway();
    await using crowd = await LoudRoom.fill(patient, 12);
    const peakBefore = await patient.peakMemoryBytes();
    await crowd.talkUntilClosed();
    await untilStats(patient, (stats) => stats['total_clients'] === 2 && stats['blocked_connections'] === 0);
    expect((await statsOf(patient))['dropped_messages']).toBe(12);
    expect((await patient.peakMemoryBytes()) - peakBefore).toBeLessThan(150 * mebibyte);
    await expectUnharmed(patient);
  });

  it('are cut after the write time-out, however little waits for them', async () => {
    await using impatient = await GatewayProcess.start({ ...gatewayEnvironment, WSC_WRITE_TIMEOUT_MS: '1000' });
    await using ann = await connectAs(impatient, 'ann');
    await using deaf = await connectAs(impatient, 'deaf');
    for (const client of [ann, deaf]) await client.request('join_room', { room: 'chat:1' });
    deaf.socket.pause();
    // On a busy machine it may be cut before anybody looks.
    const isServed = ({ blocked_connections, total_clients }: Awaited<ReturnType<typeof statsOf>>) =>
      blocked_connections === 0 && total_clients === 2;
    while (isServed(await statsOf(impatient)))
      await ann.request('room_message', { room: 'chat:1', data: 'x'.repeat(200_000) });
    await untilStats(impatient, (stats) => stats['total_clients'] === 1);
    expect((await statsOf(impatient))['dropped_messages']).toBe(0);
    await expectUnharmed(impatient);
  });

  it('and are sent nothing hold nothing up', async () => {
    await using deaf = await connectAs(gateway, 'deaf');
    deaf.socket.pause();
    for (let count = 0; count < 100; count += 1) deaf.send({ type: 'request', event: 'echo', request_id: `r${count}` });
    await expectUnharmed(gateway);
    deaf.socket.resume();
    expect(await deaf.hear({ request_id: 'r99' })).toMatchObject({ type: 'response' });
  });
});

describe('a hundred clients', () => {
  it('that vanish at once leave nothing behind', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, (_, index) => connectAs(gateway, `brief-${index}`)));
    await Promise.all(clients.map((client, index) => client.request('join_room', { room: `chat:${index % 7}` })));
    for (const client of clients) {
      client.send({ type: 'request', event: 'slow', request_id: 'unheard', data: { ms: 50 } });
      client.socket.terminate();
    }
    await untilNobodyIsLeft(gateway);
  });

  it('that vanish in the middle of their handshake leave nothing behind', async () => {
    const upgrade = upgradeText({ headers: await bearer('brief') });
    const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(gateway.url)));
    for (const [index, client] of clients.entries()) {
      client.write(index % 2 === 0 ? upgrade : upgrade.slice(0, index * 2));
      void client[Symbol.asyncDispose]();
    }
    await Promise.all(clients.map((client) => client.gone));
    await untilNobodyIsLeft(gateway);
  });
});
