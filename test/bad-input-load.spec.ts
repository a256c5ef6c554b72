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

/** Sends up to 10,000 messages a second until it is closed; answers how many. */
async function flood(client: WscClient): Promise<number> {
  let count = 0;
  while (client.socket.readyState === client.socket.OPEN) {
    for (let index = 0; index < 100; index += 1)
      client.send({ type: 'request', event: 'echo', request_id: `f${count + index}`, data: index });
    count += 100;
    await pace(10);
  }
  return count;
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
    const [sent, times, end] = await Promise.all([flood(mallory), measureAnswers(ann, () => isOver), closed]);

    expect(end).toMatchObject({ code: 4029, reason: 'rate limited' });
    expect(end.afterMs).toBeGreaterThan(9_000);
    expect(end.afterMs).toBeLessThan(20_000);
    expect(sent).toBeGreaterThan(10_000);
    const refusals = mallory.unheard.filter((message) => JSON.stringify(message).includes('WSC_LIMIT_EXCEEDED'));
    expect(refusals.length).toBeGreaterThan(5);
    expect(refusals.length).toBeLessThan(15);
    expect(refusals[0]).toMatchObject({ type: 'error', code: 429, retry_after_ms: expect.any(Number) });
    // 200 at once and 100 a second, and no more.
    expect(mallory.unheard.length - refusals.length).toBeLessThan(200 + 100 * (end.afterMs / 1_000 + 1));
    expect(times.length).toBeGreaterThan(100);
    // A generous bound for a busy machine; on a quiet one it is a few milliseconds.
    expect(times[Math.floor(times.length * 0.99)]).toBeLessThan(500);
  }, 60_000);

  it('of garbage ends at the tenth', async () => {
    await using mallory = await connectAs(gateway, 'mallory');
    for (let count = 0; count < 10_000; count += 1) mallory.send('{"type":');
    expect((await mallory.closed).code).toBe(4502);
    expect(mallory.unheard.length).toBeLessThanOrEqual(10);
  });

  it('of pings is limited too', async () => {
    await using mallory = await connectAs(gateway, 'mallory');
    for (let count = 0; count < 5_000; count += 1) mallory.send({ type: 'ping' });
    await mallory.hear({ error: 'WSC_LIMIT_EXCEEDED' });
    expect(await mallory.request('echo', 'messages are counted apart')).toMatchObject({ type: 'response' });
    expect(mallory.unheard.length).toBeLessThan(1_500);
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
  it('are closed with 4008 once their outbox is full, their neighbours hear everything, memory stays bounded', async () => {
    const room = 'chat:loud';
    const text = 'x'.repeat(400_000);
    await using ann = await connectAs(gateway, 'ann');
    await using bob = await connectAs(gateway, 'bob');
    await bob.request('join_room', { room });
    await ann.request('join_room', { room });
    const deaf = await Promise.all(Array.from({ length: 12 }, (_, index) => connectAs(gateway, `deaf-${index}`)));
    for (const client of deaf) {
      await client.request('join_room', { room });
      client.socket.pause();
    }
    const peakBefore = await gateway.peakMemoryBytes();
    const droppedBefore = (await statsOf(gateway))['dropped_messages'] ?? NaN;
    let hasDropped = false;

    for (let count = 0; count < 150; count += 1) {
      await ann.request('room_message', { room, data: { count, text } });
      expect(await bob.hear({ event: 'room_message' })).toMatchObject({ data: { count } });
      if (hasDropped) continue;
      hasDropped = ((await statsOf(gateway))['dropped_messages'] ?? NaN) > droppedBefore;
      // One comes to its senses in time to read why.
      if (hasDropped) deaf[0]?.socket.resume();
    }
    expect(await deaf[0]?.closed).toEqual({ code: 4008, reason: 'slow consumer' });
    await untilStats(gateway, (stats) => stats['total_clients'] === 2 && stats['blocked_connections'] === 0);
    expect((await statsOf(gateway))['dropped_messages']).toBe(droppedBefore + deaf.length);
    expect((await gateway.peakMemoryBytes()) - peakBefore).toBeLessThan(150 * mebibyte);
    for (const client of deaf) client.socket.terminate();
  }, 60_000);

  it('are cut after the write time-out, however little waits for them', async () => {
    await using impatient = await GatewayProcess.start({ ...gatewayEnvironment, WSC_WRITE_TIMEOUT_MS: '1000' });
    await using ann = await connectAs(impatient, 'ann');
    await using deaf = await connectAs(impatient, 'deaf');
    for (const client of [ann, deaf]) await client.request('join_room', { room: 'chat:1' });
    deaf.socket.pause();
    const isBlocked = async () => (await statsOf(impatient))['blocked_connections'] === 1;
    while (!(await isBlocked())) await ann.request('room_message', { room: 'chat:1', data: 'x'.repeat(200_000) });
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
