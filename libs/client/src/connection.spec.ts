import { WscError } from '@nest-wsc/protocol';
import type { WscClient } from './client.js';
import type { ConnectionState } from './connection-state.js';
import { createClient } from './create-client.js';
import { FakeScheduler } from './testing/fake-scheduler.js';
import { closeAll, createTestClient, next, startClient } from './testing/start-client.js';
import type { TokenReason } from './token-source.js';

afterEach(closeAll);

const nextClose = (client: WscClient) =>
  next((listener: Parameters<WscClient['onClose']>[0]) => client.onClose(listener));
const nextOpen = (client: WscClient) => next((listener: Parameters<WscClient['onOpen']>[0]) => client.onOpen(listener));

describe('connecting', () => {
  it('is done with the welcome, and tells what the server said but the secret', async () => {
    const { client, gateway } = await createTestClient({}, { welcomes: false });
    const states: ConnectionState[] = [client.state];
    client.onStateChange((state) => states.push(state));
    const opened = nextOpen(client);
    const connecting = client.connect('a.b.c');
    const connection = await gateway.connections.next();
    expect(client.state).toBe('connecting');
    connection.welcome();
    await expect(connecting).resolves.toEqual({
      connectionId: 'c1',
      userId: 'ann',
      deviceId: 'd1',
      nodeId: 'n1',
      maxMessageBytes: 1_000,
      serverTime: 1_767_225_600_000,
    });
    expect(await opened).toEqual(client.connection);
    expect(states).toEqual(['idle', 'connecting', 'open']);
    expect(gateway.upgrades).toMatchObject([{ protocols: ['wsc.v1.json', 'bearer.a.b.c', 'resume.v1'] }]);
  });

  it('takes http URLs, keeps their query, and offers no bearer without a token', async () => {
    const { gateway } = await createTestClient();
    const client = createClient(`${gateway.url.replace('ws:', 'http:')}?tenant=7#top`);
    await client.connect();
    await client.close();
    expect(gateway.upgrades[0]?.protocols).toEqual(['wsc.v1.json', 'resume.v1']);
    expect(gateway.upgrades[0]?.query.get('tenant')).toBe('7');
  });

  it('asks for a token and a connect token before each attempt, and keeps its device', async () => {
    const reasons: TokenReason[] = [];
    const { client, gateway } = await createTestClient({ connectToken: () => `ticket${reasons.length}` });
    await client.connect(async (reason) => `token${reasons.push(reason)}`);
    (await gateway.connections.next()).close(4001);
    await gateway.connections.next();
    expect(reasons).toEqual(['connect', 'expired']);
    expect(gateway.upgrades.map(({ protocols }) => protocols[1])).toEqual(['bearer.token1', 'bearer.token2']);
    expect(gateway.upgrades.map(({ query }) => query.get('connect_token'))).toEqual(['ticket1', 'ticket2']);
    expect(gateway.upgrades.map(({ query }) => query.get('device_id'))).toEqual([null, 'd1']);
  });

  it('twice is one connection; closed and begun again is another', async () => {
    const { client, gateway } = await createTestClient();
    const first = client.connect();
    expect(client.connect()).toBe(first);
    const closing = client.close();
    await expect(first).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    const second = client.connect();
    await closing;
    await second;
    await client.connect();
    expect(client.state).toBe('open');
    client.send('marker', 1);
    const seen = [await gateway.connections.next()];
    if (gateway.upgrades.length > 1) seen.push(await gateway.connections.next());
    await expect(Promise.race(seen.map((connection) => connection.envelopes.next()))).resolves.toMatchObject({
      event: 'marker',
    });
  });

  it('goes on until it succeeds, and says how long it waits', async () => {
    const { client, gateway, errors } = await createTestClient();
    gateway.refuse({ statusCode: 502, body: '<html>' }, { statusCode: 404, body: 'default backend' });
    await client.connect();
    expect(errors.items).toMatchObject([
      { error: { details: { statusCode: 502 } }, context: { source: 'connection', retryInMs: expect.any(Number) } },
      { error: { details: { statusCode: 404 } } },
    ]);
  });

  it('gives up after as many attempts as it was told', async () => {
    const { client, gateway, errors } = await createTestClient({ reconnect: { maxAttempts: 2 } });
    gateway.refuse({ statusCode: 502 }, { statusCode: 502 }, { statusCode: 502 });
    await expect(client.connect()).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect(client.state).toBe('closed');
    expect(gateway.upgrades).toHaveLength(2);
    expect(errors.items.map(({ context }) => context.retryInMs)).toEqual([expect.any(Number), undefined]);
  });

  it('without reconnecting stops at the first failure', async () => {
    const { client, connection } = await startClient({ reconnect: { enabled: false } });
    const closed = nextClose(client);
    connection.close(1011, 'oops');
    await expect(closed).resolves.toMatchObject({ code: 1011, reason: 'oops', error: { error: 'WSC_UNAVAILABLE' } });
    expect(client.state).toBe('closed');
  });

  it('gives up an attempt without a welcome, and a token provider that hangs', async () => {
    const scheduler = new FakeScheduler();
    const options = { scheduler, connectTimeoutMs: 1_000, random: () => 0 };
    const { client, gateway, errors } = await createTestClient(options, { welcomes: false });
    let calls = 0;
    void client.connect(() => (calls++ === 0 ? 'token' : new Promise<string>(() => undefined)));
    const connection = await gateway.connections.next();
    connection.sendText('garbage');
    await expect(errors.next()).resolves.toMatchObject({ context: { source: 'protocol' } });
    scheduler.advance(1_000);
    await connection.closed;
    await expect(errors.next()).resolves.toMatchObject({
      error: { message: expect.stringContaining('no welcome in time') },
    });
    scheduler.advance(0);
    await new Promise((resolve) => setImmediate(resolve));
    scheduler.advance(1_000);
    await expect(errors.next()).resolves.toMatchObject({
      error: { error: 'WSC_TIMEOUT' },
      context: { source: 'token' },
    });
  });

  it('where no socket can be made says what to install, and stops', async () => {
    const message = 'npm install ws';
    const client = createClient('ws://127.0.0.1:1/', {
      createSocket: () => {
        throw new WscError('WSC_UNAVAILABLE', { message });
      },
    });
    await expect(client.connect()).rejects.toThrow(message);
    expect(client.state).toBe('closed');
  });
});

describe('a refused connection', () => {
  it.each([401, 403, 404])('with %i stops, and says what the gateway said', async (statusCode) => {
    const { client, gateway, errors } = await createTestClient();
    gateway.refuse({ statusCode, message: 'not you' });
    await expect(client.connect('a.b.c')).rejects.toThrow(`${statusCode}: not you`);
    expect(client.state).toBe('closed');
    expect(gateway.questions).toEqual(['Bearer a.b.c']);
    await expect(errors.next()).resolves.toMatchObject({ context: { source: 'connection' } });
  });

  it('with 401 tries one new token', async () => {
    const { client, gateway } = await createTestClient();
    gateway.refuse({ statusCode: 401 });
    const reasons: TokenReason[] = [];
    await client.connect((reason) => `t${reasons.push(reason)}`);
    expect(reasons).toEqual(['connect', 'refused']);

    gateway.refuse({ statusCode: 401 }, { statusCode: 401 }, { statusCode: 401 });
    (await gateway.connections.next()).cut();
    await nextClose(client);
    await expect(client.connect()).rejects.toMatchObject({ error: 'WSC_UNAUTHORIZED' });
    expect(reasons.slice(2)).toEqual(['connect', 'refused']);
  });

  it('with 401 tries the new token soon, however long the outage before was', async () => {
    const scheduler = new FakeScheduler();
    const reconnect = { baseMs: 500, capMs: 30_000 };
    const { client, gateway, errors } = await createTestClient({ scheduler, random: () => 0.999, reconnect });
    gateway.refuse(...[502, 502, 502, 502, 401].map((statusCode) => ({ statusCode })));
    const connecting = client.connect((reason) => reason);
    const waits: unknown[] = [];
    for (let failure = 0; failure < 5; failure += 1) {
      const { context } = await errors.next();
      waits.push(context.retryInMs);
      scheduler.advance(context.retryInMs ?? 0);
    }
    await connecting;
    expect(waits).toEqual([500, 999, 1_998, 3_996, 500]);
    expect(gateway.upgrades.at(-1)?.protocols).toContain('bearer.refused');
  });

  it('with 503 waits as long as it says', async () => {
    const { client, gateway, errors } = await createTestClient({ random: () => 0 });
    gateway.refuse({ statusCode: 503, retryAfterSeconds: 7 });
    void client.connect();
    await expect(errors.next()).resolves.toMatchObject({
      error: { retryAfterMs: 7_000 },
      context: { retryInMs: 7_000 },
    });
  });

  it('by a token that can not travel says so', async () => {
    const { client } = await createTestClient();
    await expect(client.connect('no spaces, please')).rejects.toMatchObject({ error: 'WSC_UNAUTHORIZED' });
  });

  it('by a provider that fails is tried again, and by one that says "logged out" is not', async () => {
    const { client, errors } = await createTestClient();
    const answers = [
      () => Promise.reject(new Error('network')),
      () => {
        throw new WscError('WSC_UNAUTHORIZED', { message: 'logged out' });
      },
    ];
    await expect(client.connect(() => answers.shift()?.() ?? 'token')).rejects.toThrow('logged out');
    await expect(errors.next()).resolves.toMatchObject({
      error: { message: expect.stringContaining('network') },
      context: { source: 'token', retryInMs: expect.any(Number) },
    });
  });
});

describe('an ended connection', () => {
  it('is followed by another, and says when', async () => {
    const { client, gateway, connection } = await startClient();
    const states: ConnectionState[] = [];
    client.onStateChange((state) => states.push(state));
    const closed = nextClose(client);
    const opened = nextOpen(client);
    connection.cut();
    await expect(closed).resolves.toEqual({ code: 1006, reason: '', retryInMs: expect.any(Number) });
    expect(client.connection).toBeUndefined();
    await opened;
    await gateway.connections.next();
    expect(states).toEqual(['reconnecting', 'open']);
  });

  it.each([
    [4503, 'kicked', 'WSC_FORBIDDEN'],
    [4501, 'unauthorized', 'WSC_UNAUTHORIZED'],
    [4504, 'replaced', 'WSC_CONFLICT'],
  ])('with %i is not, and says why', async (code, reason, name) => {
    const { client, gateway, connection, errors } = await startClient();
    const closed = nextClose(client);
    connection.close(code, reason);
    await expect(closed).resolves.toMatchObject({ code, reason, error: { error: name } });
    await expect(errors.next()).resolves.toMatchObject({ error: { error: name } });
    expect(client.state).toBe('closed');
    await expect(client.request('x', 1)).rejects.toMatchObject({ error: name });
    expect(gateway.upgrades).toHaveLength(1);
    await client.connect();
    expect(client.state).toBe('open');
  });

  it('after a goodbye is followed by another after the told delay, counted from the close', async () => {
    const scheduler = new FakeScheduler();
    const { client, gateway, connection } = await startClient({ scheduler });
    const data = { code: 1012, reason: 'service restart', reconnect: true, reconnectInMs: 1_830 };
    connection.send({ type: 'goodbye', data });
    const closed = nextClose(client);
    connection.close(1012, 'service restart');
    await expect(closed).resolves.toMatchObject({ code: 1012, retryInMs: 1_830 });
    scheduler.advance(1_829);
    await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.upgrades).toHaveLength(1);
    scheduler.advance(1);
    await gateway.connections.next();
  });

  it('waits longer each time, until a connection was stable', async () => {
    const scheduler = new FakeScheduler();
    const { client, gateway, connection } = await startClient({
      scheduler,
      random: () => 0.999,
      reconnect: { baseMs: 1_000, capMs: 30_000, stableAfterMs: 5_000 },
    });
    const waits: unknown[] = [];
    let current = connection;
    for (const stableMs of [0, 4_999, 5_000]) {
      scheduler.advance(stableMs);
      const closed = nextClose(client);
      current.cut();
      waits.push((await closed).retryInMs);
      scheduler.advance(30_000);
      current = await gateway.connections.next();
      await client.connect();
    }
    expect(waits).toEqual([999, 1_998, 999]);
  });

  it('with a fixed token that has expired says what to do', async () => {
    const { client, gateway } = await createTestClient();
    await client.connect('a.b.c');
    const closed = nextClose(client);
    (await gateway.connections.next()).close(4001);
    const { error } = await closed;
    expect(error?.message).toContain('Give connect() a function');
  });

  it('that hangs is noticed by its silence, cut and replaced', async () => {
    const { client, gateway, connection } = await startClient({ pingIntervalMs: 5, pongTimeoutMs: 5 });
    const closed = nextClose(client);
    connection.answersPings = false;
    await expect(closed).resolves.toMatchObject({ code: 4002, reason: 'no pong' });
    expect(connection.pingCount).toBeGreaterThan(0);
    await gateway.connections.next();
    await client.connect();
  });

  it('by close() is told to both sides and leaves no timer', async () => {
    const scheduler = new FakeScheduler();
    const { client, connection } = await startClient({ scheduler });
    const answer = client.request('slow', 1);
    const closed = nextClose(client);
    const closing = client.close();
    expect(client.close()).toBe(closing);
    expect(client.state).toBe('closed');
    await expect(answer).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE', details: { outcome: 'unknown' } });
    await expect(closed).resolves.toEqual({ code: 1000, reason: 'normal closure' });
    await closing;
    await expect(connection.closed).resolves.toBe(1000);
    expect(scheduler.pendingMs).toEqual([]);
  });

  it('by close() within a listener stays closed', async () => {
    const { client, gateway } = await createTestClient();
    let opens = 0;
    client.onOpen(() => (opens += 1));
    client.onStateChange((state) => (state === 'open' ? client.close() : undefined));
    await expect(client.connect()).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    await (
      await gateway.connections.next()
    ).closed;
    expect(client.state).toBe('closed');
    expect(opens).toBe(0);
  });

  it('by close() does not disturb the one that follows it', async () => {
    const { client, gateway, connection } = await startClient();
    const closing = client.close();
    await client.connect();
    await closing;
    await expect(connection.closed).resolves.toBe(1000);
    const second = await gateway.connections.next();
    await client.close();
    await expect(second.closed).resolves.toBe(1000);
  });

  it('is not even begun where a listener closes the client before', async () => {
    const createSocket = jest.fn();
    const { client } = await createTestClient({ createSocket });
    client.onStateChange((state) => (state === 'connecting' ? client.close() : undefined));
    await expect(client.connect()).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(createSocket).not.toHaveBeenCalled();
  });

  it('stays while its pings are answered', async () => {
    const scheduler = new FakeScheduler();
    const { client, connection } = await startClient({ scheduler });
    const heard = new Promise((resolve) => client.on('news', resolve));
    scheduler.advance(30_000);
    client.send('marker', 1);
    await connection.envelopes.next();
    expect(connection.pingCount).toBe(1);
    connection.notify({});
    await heard;
    scheduler.advance(10_000);
    expect(client.state).toBe('open');
    scheduler.advance(30_000);
    client.send('marker', 1);
    await connection.envelopes.next();
    expect(connection.pingCount).toBe(2);
  });

  it('while it waits to come back stays closed', async () => {
    const scheduler = new FakeScheduler();
    const { client, connection, gateway } = await startClient({ scheduler });
    const closed = nextClose(client);
    connection.cut();
    await closed;
    await client.close();
    expect(scheduler.pendingMs).toEqual([]);
    expect(gateway.upgrades).toHaveLength(1);
  });

  it('takes a new token before the old one expires', async () => {
    const { client, gateway } = await createTestClient();
    await client.connect('old');
    const connection = await gateway.connections.next();
    const refreshed = client.refreshToken('new');
    await expect(connection.answer({ expires_at: 5 })).resolves.toMatchObject({ data: { token: 'new' } });
    await expect(refreshed).resolves.toEqual({ expiresAt: 5 });
    connection.cut();
    await gateway.connections.next();
    expect(gateway.upgrades[1]?.protocols[1]).toBe('bearer.new');
  });
});
