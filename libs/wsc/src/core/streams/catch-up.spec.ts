import fc from 'fast-check';
import type { TestClient } from '../../testing/test-hub.js';
import type { StreamPosition } from '../ports/streams.js';
import { ask, startHistoryHub } from './history.fixture.js';

const budget = { maxMessages: 4, maxBytes: 0 };

async function startWithMember() {
  const parts = await startHistoryHub({ maxMessages: 20 }, { outbox: budget });
  const client = await parts.test.connect({ userId: 'ann' });
  await ask(client, 'join_room', { room: 'chat:1' });
  return { ...parts, client };
}

const answerTo = ({ received }: TestClient, requestId: string) =>
  received.find((envelope) => 'requestId' in envelope && envelope.requestId === requestId);
const offsetsOf = ({ messages }: TestClient) => messages.map(({ offset }) => offset);
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a connection that reads too slowly in a room with history', () => {
  it('is not closed, misses nothing and gets nothing twice', async () => {
    await using chat = await startWithMember();
    const { test, client, send, hub } = chat;
    client.link.isBlocked = true;
    for (let count = 0; count < 12; count += 1) {
      await send(count);
      await test.settle();
    }
    expect(hub.stats()).toMatchObject({ fallenBehind: 1, droppedMessages: 0, closedSlowConsumers: 0 });
    await client.unblock();
    for (let count = 0; count < 3; count += 1) await send('more');
    await test.settle();
    expect(offsetsOf(client)).toEqual(upTo(15));
    expect(client.closedWith).toBeUndefined();
  });

  it('is told where it is when it joins again, not where the room is', async () => {
    await using chat = await startWithMember();
    const { test, client, send } = chat;
    client.link.isBlocked = true;
    for (let count = 0; count < 12; count += 1) {
      await send(count);
      await test.settle();
    }
    await client.send({ type: 'request', request_id: 'again', event: 'join_room', data: { room: 'chat:1' } });
    await client.unblock();
    const { offset } = (answerTo(client, 'again') as { data: StreamPosition }).data;
    const before = client.received.findIndex((envelope) => 'requestId' in envelope && envelope.requestId === 'again');
    const offsetsBehind = client.received.slice(before).flatMap((each) => ('offset' in each ? [each.offset] : []));
    expect(offset).toBeLessThan(12);
    expect(offsetsBehind).toEqual(upTo(12, offset + 1));
  });

  it('disturbs nobody else', async () => {
    await using chat = await startWithMember();
    const { test, client, send } = chat;
    const other = await test.connect();
    await ask(other, 'join_room', { room: 'chat:1' });
    client.link.isBlocked = true;
    for (let count = 0; count < 12; count += 1) {
      await send(count);
      await test.settle();
    }
    expect(offsetsOf(other)).toEqual(upTo(12));
  });

  it('is closed with 4010 once the store has no longer what it missed', async () => {
    await using chat = await startWithMember();
    const { test, client, send } = chat;
    client.link.isBlocked = true;
    for (let count = 0; count < 40; count += 1) {
      await send(count);
      await test.settle();
    }
    await client.unblock();
    expect(client.closedWith).toMatchObject({ code: 4010 });
    const heard = offsetsOf(client);
    expect(heard).toEqual(upTo(heard.length));
  });

  it('waits while the store is away, and goes on where it was', async () => {
    await using chat = await startWithMember();
    const { test, client, send, streams } = chat;
    client.link.isBlocked = true;
    for (let count = 0; count < 12; count += 1) {
      await send(count);
      await test.settle();
    }
    streams.isBroken = true;
    await client.unblock();
    await test.clock.advance(5_000);
    const before = offsetsOf(client).length;
    expect(before).toBeLessThan(12);
    streams.isBroken = false;
    await test.clock.advance(1_000);
    expect(offsetsOf(client)).toEqual(upTo(12));
  });

  it('still hears who comes and goes, which is not stored', async () => {
    await using chat = await startWithMember();
    const { test, client, send, hub } = chat;
    hub.namespaces.define('chat', { announceMembers: true });
    client.link.isBlocked = true;
    for (let count = 0; count < 6; count += 1) {
      await send(count);
      await test.settle();
    }
    const bob = await test.connect({ userId: 'bob' });
    await ask(bob, 'join_room', { room: 'chat:1' });
    await client.unblock();
    expect(client.messages.filter(({ event }) => event === 'room_joined')).toHaveLength(1);
    expect(offsetsOf(client).filter((offset) => offset !== undefined)).toEqual(upTo(6));
  });

  it('goes when it leaves the room or the server, and nothing of it stays', async () => {
    await using chat = await startWithMember();
    const { test, client, send, hub } = chat;
    client.link.isBlocked = true;
    for (let count = 0; count < 12; count += 1) {
      await send(count);
      await test.settle();
    }
    expect(hub.roomInfo('chat:1')).toMatchObject({ members: 1 });
    await hub.leave(client.connection.id, 'chat:1');
    expect(hub.roomInfo('chat:1')).toBeUndefined();
    await client.unblock();
    expect(offsetsOf(client).length).toBeLessThan(12);
  });
});

describe('whatever happens', () => {
  it('a client gets every message once and in order, or is told that it has not', async () => {
    const step = fc.constantFrom('send', 'own', 'elsewhere', 'lost', 'block', 'unblock', 'tick', 'rejoin', 'outage');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        await using parts = await startWithMember();
        const { test } = parts;
        for (const what of steps) {
          await take(parts, what);
          await test.settle();
        }
        parts.streams.isBroken = false;
        await parts.client.unblock();
        await test.clock.advance(15_000);
        checkWhole(parts.client, parts.streams.tops(['chat:1'])[0]);
      }),
      { numRuns: 150 },
    );
  });
});

type Parts = Awaited<ReturnType<typeof startWithMember>>;

async function take({ test, client, send, broker, streams, writeElsewhere }: Parts, what: string): Promise<void> {
  switch (what) {
    case 'send':
      await send('a').catch(() => undefined);
      return;
    case 'own':
      return client.send({
        type: 'request',
        request_id: 'own',
        event: 'room_message',
        data: { room: 'chat:1', data: 'o' },
      });
    case 'rejoin':
      return client.send({ type: 'request', request_id: 'again', event: 'join_room', data: { room: 'chat:1' } });
    case 'elsewhere':
    case 'lost':
      broker.isLossy = what === 'lost';
      if (!streams.isBroken) writeElsewhere('e');
      broker.isLossy = false;
      return;
    case 'block':
      client.link.isBlocked = true;
      return;
    case 'unblock':
      return client.unblock();
    case 'tick':
      return test.clock.advance(2_500);
    case 'outage':
      streams.isBroken = !streams.isBroken;
  }
}

/** As a client sees it (PROTOCOL.md §6.1): each message follows the one before it, and in the end the last one is there. */
function checkWhole(client: TestClient, top: StreamPosition | undefined): void {
  let position = 0;
  const own = new Set<number>();
  for (const { isMessage, offset, before } of placesIn(client)) {
    if (isMessage) {
      expect(before).toBeLessThanOrEqual(position);
      expect(offset).toBeGreaterThan(position);
      position = offset;
    } else own.add(offset);
    while (own.has(position + 1)) position += 1;
  }
  if (client.closedWith === undefined) expect(position).toBe(top?.offset);
  // Its requests may have found its outbox full.
  else expect([4008, 4010]).toContain(client.closedWith.code);
}

/** Where messages, and answers to its own, put a client. */
function placesIn({ received }: TestClient) {
  return received.flatMap((envelope) => {
    if (envelope.type === 'notify' && envelope.offset !== undefined) {
      return [{ isMessage: true, offset: envelope.offset, before: envelope.prevOffset ?? envelope.offset - 1 }];
    }
    const isOwn = envelope.type === 'response' && envelope.requestId === 'own';
    return isOwn ? [{ isMessage: false, offset: (envelope.data as StreamPosition).offset, before: 0 }] : [];
  });
}
