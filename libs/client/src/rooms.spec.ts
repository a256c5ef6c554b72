import type { ScriptedConnection } from './testing/scripted-connection.js';
import { closeAll, createTestClient, next, startClient } from './testing/start-client.js';

afterEach(closeAll);

async function refuse(
  connection: ScriptedConnection,
  error: 'WSC_FORBIDDEN' | 'WSC_UNAVAILABLE',
  retryAfterMs?: number,
) {
  const { requestId, event, data } = await connection.request();
  const code = error === 'WSC_FORBIDDEN' ? 403 : 503;
  const refusal = {
    type: 'error',
    form: 'wsc',
    requestId,
    code,
    error,
    message: 'no',
    traceId: 't',
    timestamp: 1,
  } as const;
  connection.send(retryAfterMs === undefined ? refusal : { ...refusal, retryAfterMs });
  return { event, data };
}

describe('a room', () => {
  it('is joined, used and left', async () => {
    const { client, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    await expect(connection.answer({ room: 'chat:1', members: 2 })).resolves.toMatchObject({
      event: 'join_room',
      data: { room: 'chat:1' },
    });
    await expect(joined).resolves.toEqual({ room: 'chat:1', members: 2 });
    expect(client.rooms).toEqual(['chat:1']);

    const sent = client.sendToRoom('chat:1', { text: 'hi' }, { echo: true });
    await expect(connection.answer({ id: 'm9', offset: 4, epoch: 'e' })).resolves.toMatchObject({
      event: 'room_message',
      data: { room: 'chat:1', data: { text: 'hi' }, echo: true },
    });
    await expect(sent).resolves.toEqual({ id: 'm9', offset: 4, epoch: 'e' });

    const present = client.presence('chat:1');
    await connection.answer({ users: [{ user_id: 'ann', devices: 2, since: 5 }], count: 1 });
    await expect(present).resolves.toEqual({ users: [{ userId: 'ann', devices: 2, since: 5 }], count: 1 });

    const left = client.leaveRoom('chat:1');
    await expect(connection.answer({ room: 'chat:1' })).resolves.toMatchObject({ event: 'leave_room' });
    await left;
    expect(client.rooms).toEqual([]);
  });

  it('is told by private message and subscription, too', async () => {
    const { client, connection } = await startClient();
    const sent = client.sendToUser('bob', 'psst');
    await expect(connection.answer({ id: 'm1' })).resolves.toMatchObject({
      event: 'chat',
      data: { to: 'bob', data: 'psst' },
    });
    await expect(sent).resolves.toEqual({ id: 'm1' });
    const subscribed = client.subscribe('ticker');
    await expect(connection.answer({ room: 'ticker' })).resolves.toMatchObject({ event: 'subscribe' });
    await subscribed;
    const unsubscribed = client.unsubscribe('ticker');
    await expect(connection.answer({ room: 'ticker' })).resolves.toMatchObject({ event: 'unsubscribe' });
    await unsubscribed;
  });

  it('whose answer is not what the protocol says fails the call', async () => {
    const { client, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    await connection.answer('yes');
    await expect(joined).rejects.toMatchObject({ error: 'WSC_INVALID_ENVELOPE' });
    const present = client.presence('chat:1');
    await connection.answer({ users: {} });
    await expect(present).rejects.toMatchObject({ error: 'WSC_INVALID_ENVELOPE' });
    expect(client.rooms).toEqual([]);
  });

  it('is joined again after a reconnect, unless it was left or refused', async () => {
    const { client, gateway, connection } = await startClient();
    const joins = ['a', 'b', 'c'].map((room) => client.joinRoom(room));
    await connection.answer({ room: 'a' });
    await connection.answer({ room: 'b' });
    await refuse(connection, 'WSC_FORBIDDEN');
    await Promise.allSettled(joins);
    void client.leaveRoom('b');
    await connection.answer({ room: 'b' });
    const subscribed = client.subscribe('d');
    await connection.answer({ room: 'd' });
    await subscribed;
    connection.cut();
    const again = await gateway.connections.next();
    await expect(again.answer({ room: 'a' })).resolves.toMatchObject({ event: 'join_room', data: { room: 'a' } });
    await expect(again.answer({ room: 'd' })).resolves.toMatchObject({ event: 'subscribe', data: { room: 'd' } });
    client.send('marker', 1);
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('that was refused is not left: there is nothing to tell the server', async () => {
    const { client, gateway, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    await refuse(connection, 'WSC_FORBIDDEN');
    await expect(joined).rejects.toMatchObject({ error: 'WSC_FORBIDDEN' });
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    await client.leaveRoom('chat:1');
    client.send('marker', 1);
    await expect((await gateway.connections.next()).envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('that was left while it was being joined again is nobody’s concern any more', async () => {
    const { client, gateway, connection, errors } = await startClient();
    void client.joinRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    connection.cut();
    const again = await gateway.connections.next();
    await client.connect();
    const left = client.leaveRoom('chat:1');
    await refuse(again, 'WSC_FORBIDDEN');
    await again.answer({ room: 'chat:1' });
    await left;
    expect(errors.items).toEqual([]);
  });

  it('stays joined where an earlier join of it is given up, as when a component is mounted twice', async () => {
    const { client, gateway, connection } = await startClient();
    const abort = new AbortController();
    const first = client.joinRoom('chat:1', { signal: abort.signal });
    abort.abort();
    const second = client.joinRoom('chat:1');
    await expect(first).rejects.toThrow();
    await connection.answer({ room: 'chat:1' });
    await connection.answer({ room: 'chat:1' });
    await second;
    expect(client.rooms).toEqual(['chat:1']);
    connection.cut();
    await expect((await gateway.connections.next()).request()).resolves.toMatchObject({ event: 'join_room' });
  });

  it('stays joined where the snapshot of an earlier join of it can not be had', async () => {
    const { client, connection } = await startClient();
    const getSnapshot = (): never => {
      throw new Error('no snapshot');
    };
    const [first, second] = [client.joinRoom('chat:1', { getSnapshot }), client.joinRoom('chat:1')];
    await connection.answer({ room: 'chat:1' });
    await expect(first).rejects.toThrow('no snapshot');
    await connection.answer({ room: 'chat:1' });
    await second;
    expect(client.rooms).toEqual(['chat:1']);
    client.send('marker', 1);
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('is forgotten with close()', async () => {
    const { client, gateway, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    await joined;
    await client.close();
    await client.connect();
    client.send('marker', 1);
    await expect((await gateway.connections.next()).envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('that is refused after a reconnect is reported and forgotten', async () => {
    const { client, gateway, connection, errors } = await startClient();
    void client.joinRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    connection.cut();
    await refuse(await gateway.connections.next(), 'WSC_FORBIDDEN');
    await expect(errors.next()).resolves.toMatchObject({
      error: { error: 'WSC_FORBIDDEN' },
      context: { source: 'room', room: 'chat:1' },
    });
    expect(client.rooms).toEqual([]);
  });

  it('that is not available just after a reconnect is tried again', async () => {
    const { client, gateway, connection } = await startClient();
    void client.joinRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    connection.cut();
    const again = await gateway.connections.next();
    await refuse(again, 'WSC_UNAVAILABLE', 1);
    await expect(again.answer({ room: 'chat:1' })).resolves.toMatchObject({ event: 'join_room' });
    expect(client.rooms).toEqual(['chat:1']);
  });

  it('whose join was cut off is joined on the next connection, once and without an id', async () => {
    const { client, gateway, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    await connection.request();
    connection.cut();
    const again = await gateway.connections.next();
    const repeat = await again.answer({ room: 'chat:1' });
    expect(repeat).toMatchObject({ event: 'join_room' });
    expect(repeat.id).toBeUndefined();
    await joined;
    client.send('marker', 1);
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('that was left before its join was answered stays left', async () => {
    const { client, gateway, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    const left = client.leaveRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    await connection.answer({ room: 'chat:1' });
    await Promise.all([joined, left]);
    expect(client.rooms).toEqual([]);
    connection.cut();
    const again = await gateway.connections.next();
    client.send('marker', 1);
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('is left without a word while there is no connection', async () => {
    const { client, gateway, connection } = await startClient();
    void client.joinRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    await client.leaveRoom('chat:1');
    client.send('marker', 1);
    const again = await gateway.connections.next();
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('that the server has closed is not joined again', async () => {
    const { client, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    await joined;
    const closed = new Promise((resolve) => client.on('room_closed', resolve));
    connection.notify({ event: 'room_closed', data: { room: 'chat:1', reason: 'deleted' } });
    await expect(closed).resolves.toEqual({ room: 'chat:1', reason: 'deleted' });
    expect(client.rooms).toEqual([]);
  });

  it('asked for before the first connection is joined on it', async () => {
    const { client, gateway } = await createTestClient();
    const joined = client.joinRoom('chat:1');
    void client.connect();
    await (await gateway.connections.next()).answer({ room: 'chat:1' });
    await joined;
  });
});
