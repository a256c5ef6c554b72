import { WscError } from '@nest-wsc/protocol';
import { ErrorReporter } from './error-reporter.js';
import { closeAll, startClient } from './testing/start-client.js';

afterEach(closeAll);

describe('a message', () => {
  it('reaches the handlers of its event and those of every event', async () => {
    const { client, connection } = await startClient();
    const seen: unknown[] = [];
    client.on('other', () => seen.push('wrong'));
    client.on('news', (data) => seen.push(data));
    const everything = new Promise((resolve) => client.on('*', (_data, message) => resolve(message)));
    connection.notify({ data: { title: 'x' }, from: 'bob', fromName: 'Bob', room: 'chat:1' });
    await expect(everything).resolves.toEqual({
      event: 'news',
      id: 'm1',
      data: { title: 'x' },
      from: 'bob',
      fromName: 'Bob',
      room: 'chat:1',
      timestamp: 1,
    });
    expect(seen).toEqual([{ title: 'x' }]);
  });

  it('is acknowledged once all its handlers have finished', async () => {
    const { client, connection } = await startClient();
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const started = new Promise<void>((resolve) => {
      client.on('news', () => {
        resolve();
        return slow;
      });
    });
    client.on('news', () => undefined);
    connection.notify({ ack: true });
    await started;
    client.send('marker', 1);
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
    finish();
    await expect(connection.envelopes.next()).resolves.toEqual({ type: 'ack', ids: ['m1'] });
  });

  it('is not acknowledged where a handler throws or rejects; the others run, and a repeat is handled again', async () => {
    const { client, connection, errors } = await startClient();
    let calls = 0;
    client.on('news', () => {
      throw new Error('broken');
    });
    client.on('late', async () => Promise.reject(new Error('too late')));
    client.on('news', () => (calls += 1));
    connection.notify({ ack: true });
    connection.notify({ event: 'late', id: 'm2', ack: true });
    const reports = [await errors.next(), await errors.next()];
    expect(reports).toMatchObject([
      {
        error: { message: expect.stringContaining('broken') },
        context: { source: 'handler', event: 'news', messageId: 'm1' },
      },
      { error: { message: expect.stringContaining('too late') }, context: { event: 'late', messageId: 'm2' } },
    ]);
    connection.notify({ ack: true });
    await errors.next();
    expect(calls).toBe(2);
    client.send('marker', 1);
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('that comes twice is handled once and acknowledged twice', async () => {
    const { client, connection } = await startClient();
    let calls = 0;
    client.on('news', () => (calls += 1));
    connection.notify({ ack: true });
    await connection.envelopes.next();
    connection.notify({ ack: true });
    await expect(connection.envelopes.next()).resolves.toEqual({ type: 'ack', ids: ['m1'] });
    expect(calls).toBe(1);
  });

  it('with the id of one in another room, of another sender there, or to the user, is another message', async () => {
    const { client, connection } = await startClient();
    const rooms: unknown[] = [];
    client.on('placed', (_data, { room }) => void rooms.push(room));
    for (const room of ['chat:1', 'chat:staff', 'chat:1']) connection.notify({ event: 'placed', id: 'o7', room });
    connection.notify({ event: 'placed', id: 'o7', room: 'chat:1', from: 'bob' });
    // Nobody has handled it yet, whatever became of those to the rooms.
    connection.notify({ event: 'paid', id: 'o7', ack: true });
    connection.notify({ event: 'placed', id: 'o7', ack: true });
    await expect(connection.envelopes.next()).resolves.toEqual({ type: 'ack', ids: ['o7'] });
    expect(rooms).toEqual(['chat:1', 'chat:staff', 'chat:1', undefined]);
  });

  it('without a handler is not acknowledged for one of the same id that was handled in a room', async () => {
    const { client, connection } = await startClient();
    client.on('placed', () => undefined);
    connection.notify({ event: 'placed', id: 'o7', room: 'chat:1' });
    connection.notify({ event: 'paid', id: 'o7', ack: true });
    connection.notify({ event: 'ready' });
    await new Promise((resolve) => client.on('ready', resolve));
    client.send('marker', 1);
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('is handled again once its id is among the forgotten ones', async () => {
    const { client, connection } = await startClient({ recentIdsCount: 2 });
    const ids: string[] = [];
    const done = new Promise<void>((resolve) => {
      client.on('news', (_data, { id }) => {
        if (ids.push(id) === 4) resolve();
      });
    });
    for (const id of ['a', 'b', 'c', 'b', 'a']) connection.notify({ id });
    await done;
    expect(ids).toEqual(['a', 'b', 'c', 'a']);
  });

  it('without a handler is not acknowledged, and comes again to one that is there by then', async () => {
    const { client, connection } = await startClient();
    connection.notify({ ack: true });
    connection.notify({ event: 'ready', id: 'm2' });
    await new Promise((resolve) => client.on('ready', resolve));
    client.send('marker', 1);
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
    client.on('news', () => undefined);
    connection.notify({ ack: true });
    await expect(connection.envelopes.next()).resolves.toEqual({ type: 'ack', ids: ['m1'] });
  });

  it('is acknowledged together with others of the same turn, at most a hundred at once', async () => {
    const { client, connection } = await startClient();
    client.on('news', () => Promise.resolve());
    for (let count = 0; count < 250; count += 1) connection.notify({ id: `m${count}`, ack: true });
    const ids: string[] = [];
    while (ids.length < 250) {
      const envelope = await connection.envelopes.next();
      if (envelope.type !== 'ack') throw new Error(envelope.type);
      expect(envelope.ids.length).toBeLessThanOrEqual(100);
      ids.push(...envelope.ids);
    }
    expect(new Set(ids).size).toBe(250);
  });

  it('is heard until its handler is removed, by once, off or the returned function', async () => {
    const { client, connection } = await startClient();
    const seen: string[] = [];
    const handler = (): number => seen.push('off');
    client.once('news', () => seen.push('once'));
    client.on('news', handler);
    client.on('news', handler);
    const unsubscribe = client.on('news', () => seen.push('function'));
    client.on('all', () => seen.push('all'));
    const receive = async (): Promise<void> => {
      const end = new Promise((resolve) => client.once('end', resolve));
      connection.notify({ id: `news${seen.length}` });
      connection.notify({ id: `all${seen.length}`, event: 'all' });
      connection.notify({ id: `end${seen.length}`, event: 'end' });
      await end;
    };
    await receive();
    expect(seen.splice(0)).toEqual(['once', 'off', 'off', 'function', 'all']);
    client.off('news', handler);
    unsubscribe();
    unsubscribe();
    client.off('all');
    seen.push('-');
    await receive();
    expect(seen).toEqual(['-']);
  });

  it('that is none is reported, and the client goes on', async () => {
    const { client, connection, errors } = await startClient();
    const garbage = [
      '{',
      'null',
      '[]',
      '{"type":"notify"}',
      '{"type":"response","request_id":1}',
      '{"type":"hello"}',
      '',
    ];
    for (const text of garbage) connection.sendText(text);
    const reports = await Promise.all(garbage.map(() => errors.next()));
    expect(reports.map(({ context }) => context.source)).toEqual(garbage.map(() => 'protocol'));
    const news = new Promise((resolve) => client.on('news', resolve));
    connection.notify({ data: 'still here' });
    await expect(news).resolves.toBe('still here');
  });

  it('of the server that answers no request is reported with its name', async () => {
    const { connection, errors } = await startClient();
    connection.send({
      type: 'error',
      form: 'wsc',
      code: 429,
      error: 'WSC_LIMIT_EXCEEDED',
      message: 'slow down',
      retryAfterMs: 250,
      traceId: 't',
      timestamp: 1,
    });
    await expect(errors.next()).resolves.toMatchObject({
      error: { error: 'WSC_LIMIT_EXCEEDED', message: 'slow down', retryAfterMs: 250, cause: { traceId: 't' } },
      context: { source: 'server' },
    });
  });

  it('asking for a sign of life gets one', async () => {
    const { connection } = await startClient();
    connection.send({ type: 'ping' });
    await expect(connection.envelopes.next()).resolves.toEqual({ type: 'pong' });
  });
});

describe('a listener that throws', () => {
  it('is told to the host where nobody hears the reports', () => {
    const reportError = jest.fn();
    Object.defineProperty(globalThis, 'reportError', { value: reportError, configurable: true });
    const reporter = new ErrorReporter();
    const bug = new Error('bug');
    reporter.reportThrown(bug, { event: 'news' });
    reporter.report(new WscError('WSC_UNAVAILABLE'), { source: 'connection' });
    expect(reportError.mock.calls).toEqual([[bug]]);
    reporter.add(() => undefined);
    reporter.reportThrown(bug);
    expect(reportError).toHaveBeenCalledTimes(1);
    Reflect.deleteProperty(globalThis, 'reportError');
  });

  it('is reported and disturbs nobody, not even where it hears the reports', async () => {
    const { client, connection, errors } = await startClient();
    client.onError(() => {
      throw new Error('in onError');
    });
    client.onStateChange(async () => Promise.reject(new Error('in onStateChange')));
    client.onClose(() => {
      throw new Error('in onClose');
    });
    connection.cut();
    const reports = [await errors.next(), await errors.next()];
    expect(reports.map(({ error }) => error.message).sort()).toEqual([
      expect.stringContaining('in onClose'),
      expect.stringContaining('in onStateChange'),
    ]);
    await client.connect();
    expect(client.state).toBe('open');
  });
});
