import { ginforgeCodec, WscError } from '@nest-wsc/protocol';
import { TestHub } from '../../testing/test-hub.js';
import { TextEncoding } from '../../testing/text-encoding.js';
import { withResolver } from '../async/with-resolver.js';

describe('a connection', () => {
  it('says who and where it is', async () => {
    await using test = await TestHub.start({ paths: ['/v/:tenant'] });
    test.hub.gate.addConnectGuard((handshake) => void handshake.metadata.set('plan', 'gold'));
    const principal = { userId: 'ann', name: 'Ann', userType: 'agent', claims: { sub: 'ann' } };
    const { connection } = await test.connect({ principal, deviceId: 'phone', path: '/v/acme' });
    expect(connection).toMatchObject({
      userId: 'ann',
      name: 'Ann',
      userType: 'agent',
      principal,
      deviceId: 'phone',
      path: '/v/:tenant',
      params: { tenant: 'acme' },
      protocol: 'wsc.v1.json',
      remoteAddress: '192.0.2.1',
      connectedAt: test.clock.now(),
      rooms: [],
      state: 'open',
      isClosed: false,
      canAck: true,
    });
    expect(connection.metadata.get('plan')).toBe('gold');
    expect(test.hub.connection(connection.id)).toBe(connection);
  });

  it('sends messages of its own, with the id that it answers, in the lane that was asked for', async () => {
    await using test = await TestHub.start();
    const client = await test.connect();
    const id = client.connection.send('first', { a: 1 });
    client.connection.send('second', undefined, { id: 'mine', priority: 'high', ack: true });
    await test.settle();
    expect(client.messages).toEqual([
      { type: 'notify', event: 'second', id: 'mine', data: null, ack: true, timestamp: test.clock.now() },
      { type: 'notify', event: 'first', id, data: { a: 1 }, timestamp: test.clock.now() },
    ]);
  });

  it('refuses a bad name, a bad id and data that JSON can not write, to who sends it', async () => {
    await using test = await TestHub.start();
    const { connection } = await test.connect();
    expect(() => connection.send('no spaces')).toThrow(TypeError);
    expect(() => connection.send('x', 1, { id: '' })).toThrow(expect.objectContaining({ error: 'WSC_INVALID_NAME' }));
    expect(() => connection.send('x', 1n)).toThrow(expect.objectContaining({ error: 'WSC_INTERNAL' }));
    expect(() => connection.reply('r', 1n)).toThrow(expect.objectContaining({ error: 'WSC_INTERNAL' }));
  });

  it("sends an application's own bytes behind what is queued", async () => {
    await using test = await TestHub.start();
    const { connection, link } = await test.connect();
    connection.send('first');
    connection.sendRaw(Buffer.from('raw'));
    await test.settle();
    expect(link.writes.at(-1)?.toString()).toMatch(/"first".*\nraw\n$/);
  });

  it('answers and refuses requests by hand', async () => {
    await using test = await TestHub.start();
    const client = await test.connect();
    client.connection.reply('r1', { done: true });
    client.connection.error('r2', new WscError('WSC_CONFLICT', { details: { why: 'taken' } }));
    client.connection.error(undefined, new WscError('WSC_INTERNAL', { message: 'secret' }));
    await test.settle();
    expect(client.received.slice(1)).toEqual([
      expect.objectContaining({ type: 'response', requestId: 'r1', data: { done: true } }),
      expect.objectContaining({ type: 'error', requestId: 'r2', error: 'WSC_CONFLICT', details: { why: 'taken' } }),
      expect.objectContaining({ type: 'error', error: 'WSC_INTERNAL', message: 'Internal error.' }),
    ]);
    expect(client.received.at(-1)).not.toHaveProperty('requestId');
  });

  it('calls an answer by hand a response in dialects, which name the event that is not known any more', async () => {
    await using test = await TestHub.start();
    const { connection, link } = await test.connect({ encoding: new TextEncoding(ginforgeCodec) });
    connection.reply('r1', 'done');
    await test.settle();
    const last: unknown = JSON.parse(String(link.writes.at(-1)));
    expect(last).toEqual(expect.objectContaining({ type: 'response', id: 'r1', content: 'done' }));
  });

  it('can ack once it has offered wsc.v1 or sent an envelope with a type, and in a dialect never', async () => {
    await using test = await TestHub.start({ options: { auth: 'none' } });
    const admit = async (offers: readonly string[], encoding = test.encoding) => {
      const request = { ...test.request(), offeredProtocols: offers };
      const admission = await test.hub.gate.admit(request);
      const { link } = await test.connect();
      return test.hub.open(admission, link, encoding);
    };
    const stock = await admit([]);
    stock.receive('{"event":"x"}');
    expect(stock.canAck).toBe(false);
    stock.receive('{"type":"notify","event":"x"}');
    expect(stock.canAck).toBe(true);
    expect((await admit(['wsc.v1.json'])).canAck).toBe(true);
    const dialect = await admit(['ginforge.v1.json'], new TextEncoding(ginforgeCodec));
    dialect.receive('{"type":"x"}');
    expect(dialect.canAck).toBe(false);
    for (const connection of [...test.hub.connections()]) connection.closed(1000, '');
  });
});

describe('a connection that is paused because its handlers are busy', () => {
  it('is not taken for dead, and is closed with 4002 when it is silent once it is read again', async () => {
    await using test = await TestHub.start({ limits: { maxConcurrentHandlers: 1 } });
    const work = withResolver<undefined>();
    test.hub.handle('slow', () => work.promise);
    const client = await test.connect();
    for (let count = 0; count < 2; count += 1) await client.send({ type: 'notify', event: 'slow' });
    expect([client.link.isPaused, client.connection.isInboundPaused]).toEqual([true, true]);
    await test.clock.advance(285_000);
    expect([client.closedWith, client.link.pings]).toEqual([undefined, 9]);
    work.resolve(undefined);
    await test.settle();
    expect([client.link.isPaused, client.connection.isInboundPaused]).toEqual([false, false]);
    await test.clock.advance(89_000);
    expect(client.closedWith).toBeUndefined();
    await test.clock.advance(2_000);
    expect(client.closedWith?.code).toBe(4002);
  });
});

describe('a connection that closes', () => {
  it('delivers both lanes first, then closes, and takes nothing more', async () => {
    await using test = await TestHub.start();
    const client = await test.connect();
    client.connection.send('normal');
    client.connection.send('high', undefined, { priority: 'high' });
    client.connection.close('kicked');
    expect([client.messages.map(({ event }) => event), client.closedWith?.code]).toEqual([['high', 'normal'], 4503]);
    client.connection.send('late');
    client.connection.close('normal');
    await client.send({ type: 'ping' });
    expect([client.received.length, client.closedWith?.code, client.connection.isClosed]).toEqual([3, 4503, true]);
  });

  it('waits for a blocked link, for two seconds at the most', async () => {
    await using test = await TestHub.start();
    const [slow, stuck] = [await test.connect(), await test.connect()];
    for (const { link, connection } of [slow, stuck]) {
      link.isBlocked = true;
      connection.send('first');
    }
    await test.settle();
    for (const { connection } of [slow, stuck]) {
      connection.send('second');
      connection.close({ code: 4100, reason: 'own' });
    }
    await test.clock.advance(1_900);
    expect([slow.closedWith, stuck.closedWith]).toEqual([undefined, undefined]);
    await slow.unblock();
    expect([slow.messages.length, slow.closedWith]).toEqual([2, { code: 4100, reason: 'own' }]);
    await test.clock.advance(100);
    expect([stuck.messages.length, stuck.closedWith]).toEqual([1, { code: 4100, reason: 'own' }]);
  });

  it.each([
    ['a reason over 123 bytes', { code: 4100, reason: 'é'.repeat(62) }, 'got 124'],
    ['a code that only says what happened', { code: 1006, reason: '' }, 'got 1006'],
    ['a reserved code', { code: 1004, reason: '' }, 'got 1004'],
    ['a code beyond all ranges', { code: 5000, reason: '' }, 'got 5000'],
    ['a code that is no integer', { code: 4000.5, reason: '' }, 'got 4000.5'],
  ])('refuses %s to who asks, and stays open', async (_, how, message) => {
    await using test = await TestHub.start();
    const client = await test.connect({ userId: 'ann' });
    const { connection } = client;
    const refusal = { error: 'WSC_VALIDATION_FAILED', message: expect.stringContaining(message) as string };
    expect(() => connection.close(how)).toThrow(expect.objectContaining(refusal));
    expect(() => connection.closeNow(how)).toThrow(expect.objectContaining(refusal));
    await expect(test.hub.disconnectConnection(connection.id, how)).rejects.toMatchObject(refusal);
    await expect(test.hub.disconnectUser('ann', how)).rejects.toMatchObject(refusal);
    await test.clock.advance(2_000);
    expect([connection.state, client.closedWith]).toEqual(['open', undefined]);
  });

  it('may say a code of the application with a reason that just fits', async () => {
    await using test = await TestHub.start();
    for (const code of [1000, 1014, 3000, 4999]) {
      const client = await test.connect();
      const how = { code, reason: 'x'.repeat(123) };
      client.connection.close(how);
      expect(client.closedWith).toEqual(how);
    }
  });

  it('begins no handler that has not begun', async () => {
    await using test = await TestHub.start({ limits: { maxConcurrentHandlers: 1 } });
    const work = withResolver<undefined>();
    const begun: unknown[] = [];
    test.hub.handle('slow', (data) => {
      begun.push(data);
      return work.promise;
    });
    const client = await test.connect();
    for (const data of [1, 2, 3]) await client.send({ type: 'notify', event: 'slow', data });
    client.connection.close('unauthorized');
    work.resolve(undefined);
    await test.settle();
    expect(begun).toEqual([1]);
  });

  it('answers no handler any more, and tells it by its signal', async () => {
    await using test = await TestHub.start();
    const work = withResolver<string>();
    const signals: AbortSignal[] = [];
    test.hub.handle('slow', (_, { signal }) => {
      signals.push(signal);
      return work.promise;
    });
    const client = await test.connect();
    await client.request('slow');
    await client.disconnect();
    work.resolve('late');
    await test.settle();
    expect([signals[0]?.aborted, client.received.length, test.hub.stats().runningHandlers]).toEqual([true, 1, 0]);
  });
});

describe('a client that does not read', () => {
  it('is closed with 4008 once over its budget, and others still hear the room', async () => {
    await using test = await TestHub.start({ outbox: { maxMessages: 10 } });
    const [slow, healthy] = [await test.connect(), await test.connect()];
    for (const { connection } of [slow, healthy]) await connection.join('room');
    slow.link.isBlocked = true;
    const results = [];
    for (let index = 0; index < 13; index += 1) {
      results.push(await test.hub.sendToRoom('room', { event: 'x', data: index }));
      await test.settle();
    }
    expect([slow.closedWith?.code, slow.link.isTerminated, healthy.closedWith]).toEqual([4008, false, undefined]);
    expect(healthy.messages.map(({ data }) => data)).toEqual(Array.from({ length: 13 }, (_, index) => index));
    // What comes while it closes is no drop.
    expect(results.map(({ queued, dropped }) => [queued, dropped]).slice(9)).toEqual([
      [2, 0],
      [2, 0],
      [1, 1],
      [1, 0],
    ]);
    expect(test.hub.stats()).toMatchObject({ droppedMessages: 1, messagesSent: 24, blockedConnections: 0 });
  });

  it('is closed with 4008 and cut when its link takes nothing for the write time-out', async () => {
    await using test = await TestHub.start({ outbox: { writeTimeoutMs: 5_000 } });
    const client = await test.connect();
    client.link.isBlocked = true;
    client.connection.send('x');
    await test.clock.advance(4_500);
    expect([client.closedWith, test.hub.stats().blockedConnections]).toEqual([undefined, 1]);
    await test.clock.advance(1_000);
    expect([client.closedWith?.code, client.link.isTerminated]).toEqual([4008, true]);
  });

  it('is not one that reads: a loop of a thousand sends reaches it whole', async () => {
    await using test = await TestHub.start();
    const client = await test.connect();
    for (let index = 0; index < 1_000; index += 1) client.connection.send('x', index);
    await test.settle();
    expect(client.messages.map(({ data }) => data)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    expect(client.closedWith).toBeUndefined();
  });
});
