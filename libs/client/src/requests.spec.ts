import { FakeScheduler } from './testing/fake-scheduler.js';
import { closeAll, createTestClient, next, startClient } from './testing/start-client.js';

afterEach(closeAll);

describe('a request', () => {
  it('gets its own answer, whatever the order', async () => {
    const { client, connection } = await startClient();
    const answers = [client.request('first', 1), client.request('second', 2)];
    const [first, second] = [await connection.request(), await connection.request()];
    expect(first).toMatchObject({ event: 'first', data: 1 });
    expect(first.id).toBeUndefined();
    connection.respond(second.requestId, 'b');
    connection.respond(first.requestId, 'a');
    await expect(Promise.all(answers)).resolves.toEqual(['a', 'b']);
  });

  it('fails with what the gateway says', async () => {
    const { client, connection } = await startClient();
    const answer = client.request('order.place', {});
    const { requestId } = await connection.request();
    const details = { sku: ['must be a string'] };
    const error = {
      type: 'error',
      form: 'wsc',
      error: 'WSC_VALIDATION_FAILED',
      code: 400,
      message: 'not valid',
    } as const;
    connection.send({ ...error, requestId, details, traceId: 't1', timestamp: 1 });
    await expect(answer).rejects.toMatchObject({ error: 'WSC_VALIDATION_FAILED', details, cause: { traceId: 't1' } });
  });

  it('that times out says so where nobody has called connect()', async () => {
    const { client } = await createTestClient({ requestTimeoutMs: 5 });
    const details = { outcome: 'failed' };
    await expect(client.request('x', 1)).rejects.toMatchObject({ error: 'WSC_TIMEOUT', details });
    await expect(client.request('x', 1)).rejects.toThrow('could not be sent within 5 ms: connect() was never called.');
  });

  it('times out with an unknown outcome, and its late answer is ignored', async () => {
    const { client, connection } = await startClient({ requestTimeoutMs: 5 });
    const answer = client.request('slow', 1);
    const { requestId } = await connection.request();
    await expect(answer).rejects.toMatchObject({ error: 'WSC_TIMEOUT', details: { outcome: 'unknown' } });
    connection.respond(requestId, 'late');
    const after = client.request('fast', 2, { timeoutMs: 0 });
    await connection.answer('in time');
    await expect(after).resolves.toBe('in time');
  });

  it('is refused where a thousand others are open', async () => {
    const { client } = await createTestClient({ queue: { maxMessages: 2_000 } });
    for (let count = 0; count < 1_000; count += 1) void client.request('x', 1);
    await expect(client.request('x', 1)).rejects.toThrow('1000 requests wait');
  });

  it('can be given up', async () => {
    const { client } = await startClient();
    const controller = new AbortController();
    const answer = client.request('slow', 1, { signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await expect(answer).rejects.toThrow('changed my mind');
    await expect(client.request('slow', 1, { signal: controller.signal })).rejects.toThrow('changed my mind');
  });

  it('is refused at once where it can not be sent at all', async () => {
    const { client } = await startClient();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    await expect(client.request('x', cycle)).rejects.toMatchObject({ error: 'WSC_VALIDATION_FAILED' });
    await expect(client.request('no spaces', 1)).rejects.toMatchObject({ error: 'WSC_INVALID_NAME' });
    await expect(client.request('x', 1, { id: 'i'.repeat(65) })).rejects.toMatchObject({ error: 'WSC_INVALID_NAME' });
    // The gateway of the tests takes 1,000 bytes; these are fewer characters.
    await expect(client.request('x', 'ü'.repeat(600))).rejects.toMatchObject({ error: 'WSC_MESSAGE_TOO_LARGE' });
    expect(() => client.send('x', 'ü'.repeat(600))).toThrow(
      expect.objectContaining({ error: 'WSC_MESSAGE_TOO_LARGE' }),
    );
    expect(client.state).toBe('open');
  });

  it('that the broken connection left open fails with an unknown outcome', async () => {
    const { client, connection } = await startClient();
    const answer = client.request('order.place', 1);
    await connection.request();
    connection.cut();
    await expect(answer).rejects.toMatchObject({
      error: 'WSC_UNAVAILABLE',
      details: { outcome: 'unknown', closeCode: 1006 },
    });
  });

  it.each([
    ['idempotent', { idempotent: true }],
    ['given an id', { id: 'order-1' }],
  ])('that is %s is sent again on the next connection, with the same id', async (_name, options) => {
    const { client, gateway, connection } = await startClient();
    const answer = client.request('order.place', { sku: 'A' }, options);
    const first = await connection.request();
    connection.cut();
    const second = await (await gateway.connections.next()).answer('placed');
    await expect(answer).resolves.toBe('placed');
    expect(second).toMatchObject({ event: 'order.place', data: { sku: 'A' }, id: first.id });
    expect(first.id).toMatch(/^(order-1|[0-9a-f]{32})$/);
  });

  it('is not sent again after 1009, which it may have caused', async () => {
    const { client, connection } = await startClient();
    const answer = client.request('big', 1, { idempotent: true });
    await connection.request();
    connection.close(1009);
    await expect(answer).rejects.toMatchObject({ error: 'WSC_MESSAGE_TOO_LARGE' });
  });

  it('after goodbye waits for the next connection, and one before it is still answered', async () => {
    const { client, gateway, connection } = await startClient();
    const before = client.request('before', 1);
    const { requestId } = await connection.request();
    connection.send({
      type: 'goodbye',
      data: { code: 1012, reason: 'service restart', reconnect: true, reconnectInMs: 1 },
    });
    connection.respond(requestId, 'answered');
    await expect(before).resolves.toBe('answered');
    const after = client.request('after', 2);
    connection.close(1012);
    await (await gateway.connections.next()).answer('by the next');
    await expect(after).resolves.toBe('by the next');
  });

  it('whose promise nobody looks at ends no process', async () => {
    const { client, connection } = await startClient();
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    void client.request('x', 1);
    void client.joinRoom('chat:1');
    void client.presence('chat:1');
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onOpen(listener));
    await client.close();
    void client.connect();
    await client.close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('a stream of answers', () => {
  it('gives each answer and ends with the last', async () => {
    const { client, connection } = await startClient();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const item of client.requestStream('count', 3)) seen.push(item);
    })();
    const { requestId } = await connection.request();
    connection.respond(requestId, 1, true);
    connection.respond(requestId, undefined, true);
    connection.respond(requestId, 2, true);
    connection.respond(requestId, undefined);
    await reading;
    expect(seen).toEqual([1, undefined, 2]);
  });

  it('gives the only answer of a handler with one', async () => {
    const { client, connection } = await startClient();
    const stream = client.requestStream('echo', 'x');
    const first = stream.next();
    await connection.answer('x');
    await expect(first).resolves.toEqual({ done: false, value: 'x' });
    await expect(stream.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it('throws after the items that came before the error', async () => {
    const { client, connection } = await startClient();
    const stream = client.requestStream('count', 3, { idempotent: true });
    const first = stream.next();
    connection.respond((await connection.request()).requestId, 1, true);
    await expect(first).resolves.toMatchObject({ value: 1 });
    // Even where it may be repeated: its reader would see the items twice.
    connection.cut();
    await expect(stream.next()).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
  });

  it('is forgotten where its reader stops, and bounded where the reader does not read', async () => {
    const { client, connection } = await startClient();
    const stopped = client.requestStream('count', 1);
    const first = stopped.next();
    const { requestId } = await connection.request();
    connection.respond(requestId, 1, true);
    await first;
    await stopped.return(undefined);
    connection.respond(requestId, 2, true);

    const slow = client.requestStream('count', 2);
    const item = slow.next();
    const { requestId: slowId } = await connection.request();
    for (let count = 0; count <= 1_100; count += 1) connection.respond(slowId, count, true);
    await expect(item).resolves.toMatchObject({ value: 0 });
    const echo = client.request('echo', 1);
    await connection.answer(1);
    await echo;
    const read = async (): Promise<void> => {
      for (let last = false; !last; last = (await slow.next()).done === true);
    };
    await expect(read()).rejects.toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
  });

  it('gives request() its last item where the end is empty', async () => {
    const { client, connection } = await startClient();
    const answer = client.request('count', 3);
    const { requestId } = await connection.request();
    connection.respond(requestId, 1, true);
    connection.respond(requestId, 2, true);
    connection.respond(requestId, null);
    await expect(answer).resolves.toBe(2);
  });
});

describe('without a connection', () => {
  it('messages wait and leave in order, after the rooms are joined again', async () => {
    const { client, gateway, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    await joined;
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    client.send('first', 1);
    const second = client.request('second', 2);
    client.send('third', 3);
    const again = await gateway.connections.next();
    await again.answer({ room: 'chat:1' });
    await expect(again.envelopes.next()).resolves.toMatchObject({ type: 'notify', event: 'first', data: 1 });
    await again.answer('two');
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'third' });
    await expect(second).resolves.toBe('two');
  });

  it('what is given before connect() waits for it', async () => {
    const { client, gateway } = await createTestClient();
    client.send('early', 1);
    void client.connect();
    const connection = await gateway.connections.next();
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'early' });
  });

  it('a full queue refuses, and tells that the message took no effect', async () => {
    const { client } = await createTestClient({ queue: { maxMessages: 1 } });
    client.send('first', 1);
    expect(() => client.send('second', 2)).toThrow(expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED' }));
    await expect(client.request('third', 3)).rejects.toMatchObject({
      error: 'WSC_LIMIT_EXCEEDED',
      details: { outcome: 'failed' },
    });
  });

  it('dropped messages are reported, dropped requests fail', async () => {
    const { client, errors } = await createTestClient({ queue: { maxMessages: 1, policy: 'drop-oldest' } });
    client.send('first', 1);
    const second = client.request('second', 2);
    client.send('third', 3);
    await expect(second).rejects.toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
    await expect(errors.next()).resolves.toMatchObject({ context: { source: 'queue', event: 'first' } });
  });

  it('a request that times out or is given up leaves the queue', async () => {
    const scheduler = new FakeScheduler();
    const { client } = await createTestClient({ scheduler, queue: { maxMessages: 1 } });
    const late = client.request('late', 1);
    scheduler.advance(10_000);
    await expect(late).rejects.toMatchObject({ error: 'WSC_TIMEOUT', details: { outcome: 'failed' } });
    const controller = new AbortController();
    const aborted = client.request('aborted', 1, { signal: controller.signal });
    controller.abort(new Error('no more'));
    await expect(aborted).rejects.toThrow('no more');
    client.send('fits', 1);
    expect(scheduler.pendingMs).toEqual([]);
  });

  it('after close() nothing waits: all of it fails, and so does what follows', async () => {
    const { client } = await createTestClient();
    const waiting = client.request('waiting', 1);
    await client.close();
    await expect(waiting).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect(() => client.send('later', 1)).toThrow('closed');
    await expect(client.request('later', 1)).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
  });

  it('a message that the next gateway does not take is reported, and does not block the others', async () => {
    const { client, gateway, errors } = await createTestClient();
    client.send('large', 'x'.repeat(2_000));
    client.send('small', 1);
    void client.connect();
    const connection = await gateway.connections.next();
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'small' });
    await expect(errors.next()).resolves.toMatchObject({
      error: { error: 'WSC_MESSAGE_TOO_LARGE' },
      context: { event: 'large' },
    });
  });
});
