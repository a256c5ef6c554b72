import { MemoryInbox } from '../../stores/memory/memory-inbox.js';
import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TestHub, type TestClient } from '../../testing/test-hub.js';

async function start(maxMessages = 1_000) {
  const broker = new MemoryBroker();
  const inbox = new MemoryInbox({ clock: new FakeClock(), broker, limits: { maxMessages, timeToLiveMs: 604_800_000 } });
  const test = await TestHub.start({ dependencies: { broker, inbox } });
  const keep = (data: unknown, userId = 'ann') =>
    test.hub.sendToUser(userId, { event: 'news', data }, { durable: true });
  return { test, hub: test.hub, inbox, keep, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
}

const heardBy = ({ messages }: TestClient) => messages.map(({ data, offset }) => [data, offset]);
const idsOf = ({ messages }: TestClient) => messages.map(({ id }) => id);
const acknowledge = (client: TestClient, ids: readonly string[]) => client.send({ type: 'ack', ids: [...ids] });
const phone = { userId: 'ann', deviceId: 'phone' };

describe('a durable message', () => {
  it('waits for its user, comes once it connects, and again until it is acknowledged', async () => {
    await using parts = await start();
    const { test, keep, hub } = parts;
    expect(await keep('a')).toMatchObject({ queued: 0, offset: 1, epoch: expect.any(String) });
    const first = await test.connect(phone);
    expect(first.messages).toMatchObject([{ event: 'news', data: 'a', offset: 1, ack: true }]);
    await first.disconnect();
    const second = await test.connect(phone);
    expect(idsOf(second)).toEqual(idsOf(first));
    await acknowledge(second, idsOf(second));
    await second.disconnect();
    expect(heardBy(await test.connect(phone))).toEqual([]);
    expect(await hub.inboxes.size('ann')).toEqual({ messages: 0, deadLetters: 0 });
  });

  it('comes at once, in order with those before it, to each device that is there', async () => {
    await using parts = await start();
    const { test, keep } = parts;
    const [one, two] = [await test.connect(phone), await test.connect({ userId: 'ann', deviceId: 'tablet' })];
    expect(await keep('a')).toMatchObject({ offset: 1 });
    expect(await keep('b')).toMatchObject({ queued: 2, offset: 2 });
    await test.settle();
    for (const client of [one, two]) {
      expect(heardBy(client)).toEqual([
        ['a', 1],
        ['b', 2],
      ]);
    }
  });

  it('comes a window at a time', async () => {
    await using parts = await start();
    const { test, keep } = parts;
    for (let index = 1; index <= 100; index += 1) await keep(index);
    const client = await test.connect(phone);
    expect(client.messages).toHaveLength(32);
    while (client.messages.length < 100) {
      const before = client.messages.length;
      await acknowledge(client, idsOf(client).slice(-32));
      expect(client.messages.length).toBeGreaterThan(before);
    }
    expect(heardBy(client)).toEqual(Array.from({ length: 100 }, (_, index) => [index + 1, index + 1]));
  });

  it('comes again on the same connection when it is not acknowledged, later each time', async () => {
    await using parts = await start();
    const { test, keep } = parts;
    const client = await test.connect(phone);
    await keep('a');
    const timesHeard: number[] = [];
    for (let second = 0; second < 80; second += 1) {
      const before = client.messages.length;
      await test.clock.advance(1_000);
      if (client.messages.length > before) timesHeard.push(second);
      client.connection.touch();
    }
    expect(client.messages.length).toBeGreaterThanOrEqual(3);
    expect(client.messages.length).toBeLessThanOrEqual(5);
    expect(new Set(idsOf(client)).size).toBe(1);
    await acknowledge(client, idsOf(client).slice(0, 1));
    const count = client.messages.length;
    await test.clock.advance(60_000);
    expect(client.messages).toHaveLength(count);
  });

  it('comes again while later ones come and are acknowledged, later each time', async () => {
    await using parts = await start();
    const { test, keep } = parts;
    const client = await test.connect(phone);
    const { id: stuck } = await keep('stuck');
    for (let second = 0; second < 60; second += 5) {
      const { id } = await keep(second);
      await test.settle();
      await acknowledge(client, [id]);
      await test.clock.advance(5_000);
      client.connection.touch();
    }
    // At once, and after 10 and 20 s more, up to 2.5 s late.
    expect(idsOf(client).filter((id) => id === stuck)).toHaveLength(3);
  });

  it('counts as received by a client that can not acknowledge once its link has taken it', async () => {
    await using parts = await start();
    const { test, keep, hub } = parts;
    await keep('a');
    const stock = await test.connect({ userId: 'ann', protocols: [] });
    expect(stock.messages).toMatchObject([{ data: 'a' }]);
    expect(stock.messages[0]?.ack).toBeUndefined();
    await test.settle();
    expect(await hub.inboxes.size('ann')).toMatchObject({ messages: 0 });
    await keep('b');
    await test.settle();
    expect(stock.messages).toHaveLength(2);
  });

  it('is refused when the inbox is full, and what is kept stays', async () => {
    await using parts = await start(2);
    const { keep, hub } = parts;
    await keep('a');
    await keep('b');
    await expect(keep('c')).rejects.toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
    expect(await hub.inboxes.size('ann')).toMatchObject({ messages: 2 });
  });

  it('is one for sends with the same id, and for every device', async () => {
    await using parts = await start();
    const { hub } = parts;
    const message = { event: 'news', id: 'once' };
    const first = await hub.sendToUser('ann', message, { durable: true });
    expect(await hub.sendToUser('ann', message, { durable: true })).toMatchObject({
      offset: first.offset,
      isRepeat: true,
    });
    for (const options of [{ exceptConnectionId: 'c' }, { timeToLiveMs: 0 }]) {
      await expect(hub.sendToUser('ann', message, { durable: true, ...options })).rejects.toMatchObject({
        error: 'WSC_VALIDATION_FAILED',
      });
    }
  });

  it('is nothing that another user may acknowledge', async () => {
    await using parts = await start();
    const { test, keep, hub } = parts;
    const { id } = await keep('a');
    const eve = await test.connect({ userId: 'eve' });
    await acknowledge(eve, [id]);
    expect(hub.stats()).toMatchObject({ ignoredAcks: 1 });
    expect(await hub.inboxes.size('ann')).toMatchObject({ messages: 1 });
  });
});

describe('a durable send that waits', () => {
  it('says who acknowledged, or that the inbox keeps it', async () => {
    await using parts = await start();
    const { test, hub } = parts;
    const send = () => hub.sendToUserWithAck('ann', { event: 'news' }, { durable: true, timeoutMs: 1_000 });
    const nobody = send();
    await test.clock.advance(1_000);
    expect(await nobody).toMatchObject({ status: 'stored', offset: 1 });
    const client = await test.connect(phone);
    const waiting = send();
    await test.settle();
    await acknowledge(client, idsOf(client));
    expect(await waiting).toMatchObject({ status: 'acked', deviceId: 'phone' });
    expect(await hub.inboxes.size('ann')).toMatchObject({ messages: 0 });
    expect(hub.stats()).toMatchObject({ ignoredAcks: 0 });
  });

  it('says at once that nobody has what an interceptor lets nobody hear', async () => {
    await using parts = await start();
    const { hub } = parts;
    hub.interceptors.add({ outbound: () => undefined });
    const sent = hub.sendToUserWithAck('ann', { event: 'news' }, { durable: true, timeoutMs: 1_000 });
    expect(await sent).toMatchObject({ status: 'failed', elapsedMs: 0 });
    expect(await hub.inboxes.size('ann')).toMatchObject({ messages: 0 });
  });

  it('says that a repeat is acked of what a device has, at once where it has it already', async () => {
    await using parts = await start();
    const { test, hub, inbox, keep } = parts;
    const send = () => hub.sendToUserWithAck('ann', { event: 'news', id: 'once' }, { durable: true, timeoutMs: 1_000 });
    await hub.sendToUser('ann', { event: 'news', id: 'once' }, { durable: true });
    const waiting = send();
    await test.settle();
    // On another node, where nobody knows that this one waits.
    inbox.acknowledge('ann', 'tablet', ['once']);
    await test.clock.advance(1_000);
    expect(await waiting).toMatchObject({ status: 'acked' });
    expect(await send()).toMatchObject({ status: 'acked', elapsedMs: 0 });
    const client = await test.connect(phone);
    const { id } = await keep('b');
    await test.settle();
    await acknowledge(client, [id]);
    expect(
      await hub.sendToUserWithAck('ann', { event: 'news', id }, { durable: true, timeoutMs: 1_000 }),
    ).toMatchObject({ status: 'acked', deviceId: 'phone', elapsedMs: 0 });
  });
});
