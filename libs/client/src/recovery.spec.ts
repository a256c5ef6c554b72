import type { RoomRecovery } from './recovery-answers.js';
import type { Reconnection } from './resumption.js';
import { at, Heard, say, startInRoom } from './testing/room-script.js';
import { closeAll, createTestClient, next, startClient, type TestClient } from './testing/start-client.js';

afterEach(closeAll);

const nextReconnection = ({ client }: Pick<TestClient, 'client'>) =>
  next<Reconnection>((listener) => client.onReconnected(listener));

describe('a room with history', () => {
  it('is gone on with after a reconnect: what was missed is asked for, announced and handled once', async () => {
    const { client, gateway, connection, heard, recoveries } = await startInRoom();
    say(connection, 5);
    await heard.until(5);
    const reconnected = nextReconnection({ client });
    connection.cut();
    const again = await gateway.connections.next();
    const { requestId, data } = await again.request();
    expect(data).toEqual({ room: 'chat:1', recover: at(5) });
    again.respond(requestId, { room: 'chat:1', ...at(5), recovered: true, from: 5, to: 7 });
    for (const offset of [6, 7, 8]) say(again, offset);
    expect(await heard.until(8)).toEqual([5, 6, 7, 8]);
    const recovery = { room: 'chat:1', recovered: true, from: 5, to: 7 };
    expect(recoveries).toEqual([recovery]);
    expect(await reconnected).toEqual({ resumed: false, rooms: [recovery] });
  });

  it('whose past is lost goes on at the new place, and the program hears why', async () => {
    const { client, gateway, connection, heard, recoveries } = await startInRoom();
    const reconnected = nextReconnection({ client });
    connection.close(4010);
    const again = await gateway.connections.next();
    await again.answer({ room: 'chat:1', ...at(90, 'new'), recovered: false, reason: 'trimmed' });
    say(again, 91, { epoch: 'new' });
    expect(await heard.until(91)).toEqual([91]);
    expect(recoveries).toEqual([{ room: 'chat:1', recovered: false, reason: 'trimmed' }]);
    expect((await reconnected).rooms).toEqual(recoveries);
  });

  it('with a gap is asked for what is missing, once and without leaving; until the answer nothing of it counts', async () => {
    const { connection, heard } = await startInRoom();
    for (const offset of [5, 7, 8]) say(connection, offset);
    const { requestId, event, data } = await connection.request();
    expect({ event, data }).toEqual({ event: 'join_room', data: { room: 'chat:1', recover: at(5) } });
    say(connection, 9);
    connection.respond(requestId, { room: 'chat:1', ...at(5), recovered: true, from: 5, to: 9 });
    for (const offset of [6, 7, 8, 9, 10]) say(connection, offset);
    expect(await heard.until(10)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(connection.envelopes.items).toEqual([]);
  });

  it('has no gap where offsets skip and the message says so, or where the client wrote itself', async () => {
    const { client, connection, heard } = await startInRoom();
    say(connection, 6, { prevOffset: 4 });
    const sent = client.sendToRoom('chat:1', 'own');
    await connection.answer({ id: 'own', ...at(7) });
    await sent;
    say(connection, 8);
    expect(await heard.until(8)).toEqual([6, 8]);
    expect(connection.envelopes.items).toEqual([]);
  });

  it('brings the client its own message where it wants an echo', async () => {
    const { client, connection, heard } = await startInRoom();
    const echoed = client.sendToRoom('chat:1', 'echo', { echo: true });
    await connection.answer({ id: 'e5', ...at(5) });
    await echoed;
    say(connection, 5);
    expect(await heard.until(5)).toEqual([5]);
  });

  it('does not bring the client its own message back on a later connection', async () => {
    const { client, gateway, connection, heard } = await startInRoom();
    const sent = client.sendToRoom('chat:1', 'own');
    // The one at 5 is not for this client.
    await connection.answer({ id: 'e6', ...at(6) });
    await sent;
    connection.cut();
    const again = await gateway.connections.next();
    const { data } = await again.answer({ room: 'chat:1', ...at(4), recovered: true, from: 4, to: 7 });
    expect(data).toEqual({ room: 'chat:1', recover: at(4) });
    say(again, 6, { prevOffset: 4, from: 'ann' });
    say(again, 7);
    expect(await heard.until(7)).toEqual([7]);
    expect(again.envelopes.items).toEqual([]);
  });

  it('that was left and joined again begins anew, whatever was still on its way', async () => {
    const { client, connection, heard } = await startInRoom();
    const left = client.leaveRoom('chat:1');
    say(connection, 5);
    await connection.answer({ room: 'chat:1' });
    await left;
    expect(await heard.until(5)).toEqual([5]);
    const joined = client.joinRoom('chat:1');
    const { data } = await connection.answer({ room: 'chat:1', ...at(30) });
    expect(data).toEqual({ room: 'chat:1' });
    await expect(joined).resolves.toEqual({ room: 'chat:1', position: at(30) });
  });

  it('that the server has put the client into goes on behind a gap, and the program hears of it', async () => {
    const { client, connection } = await startClient();
    const heard = new Heard(client);
    const recovered = next<RoomRecovery>((listener) => client.onRecovered(listener));
    for (const offset of [3, 4, 9]) say(connection, offset);
    expect(await heard.until(9)).toEqual([3, 4, 9]);
    expect(await recovered).toEqual({ room: 'chat:1', recovered: false, reason: 'trimmed' });
    expect(connection.envelopes.items).toEqual([]);
    void client.joinRoom('chat:1');
    expect((await connection.request()).data).toEqual({ room: 'chat:1', recover: at(9) });
  });

  it('that has got its history only since the last connection is followed from there', async () => {
    const { client, gateway, connection } = await startClient();
    const joined = client.joinRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    await joined;
    connection.cut();
    const again = await gateway.connections.next();
    await again.answer({ room: 'chat:1', ...at(10) });
    say(again, 12);
    expect((await again.request()).data).toEqual({ room: 'chat:1', recover: at(10) });
  });

  it('is joined once after a reconnect where the client is a member and subscribed, too', async () => {
    const { client, gateway, connection } = await startInRoom();
    const subscribed = client.subscribe('chat:1');
    await expect(
      connection.answer({ room: 'chat:1', ...at(4), recovered: true, from: 4, to: 4 }),
    ).resolves.toMatchObject({
      event: 'subscribe',
      data: { recover: at(4) },
    });
    await subscribed;
    connection.cut();
    const again = await gateway.connections.next();
    await expect(again.answer({ room: 'chat:1', ...at(4) })).resolves.toMatchObject({ event: 'join_room' });
    client.send('marker', 1);
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });
});

describe('a session', () => {
  it('is resumed before anything else is sent: with its secret and every position', async () => {
    const { client, gateway, connection, heard, recoveries } = await startInRoom();
    connection.notify({ id: 'kept', event: 'kept', ack: true, ...at(7, 'inbox') });
    say(connection, 5);
    await heard.until(5);
    gateway.refusesResume = false;
    const reconnected = nextReconnection({ client });
    const opened = next((listener: (value: unknown) => void) => client.onOpen(listener));
    connection.cut();
    const again = await gateway.connections.next();
    const { requestId, event, data } = await again.request();
    client.send('marker', 1);
    client.on('asked', () => undefined);
    again.notify({ id: 'asked1', event: 'asked', ack: true });
    await expect(again.envelopes.next()).resolves.toEqual({ type: 'ack', ids: ['asked1'] });
    expect(event).toBe('resume');
    expect(data).toEqual({ session: 'session1', inbox: at(6, 'inbox'), rooms: { 'chat:1': at(5) } });
    // A server that has waited too long sends what is new; it comes again behind the answer.
    say(again, 7, { prevOffset: 5 });
    const recovery = { recovered: true, from: 5, to: 7 };
    again.respond(requestId, {
      ...{ resumed: true, session: 'next' },
      ...{ rooms: { 'chat:1': { ...recovery, ...at(5) } }, inbox: { recovered: true } },
    });
    for (const offset of [6, 7]) say(again, offset);
    await expect(again.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
    await opened;
    expect(await heard.until(7)).toEqual([5, 6, 7]);
    expect(recoveries).toEqual([{ room: 'chat:1', ...recovery }]);
    expect(await reconnected).toEqual({ resumed: true, rooms: recoveries, inbox: { recovered: true } });
    again.cut();
    const third = await gateway.connections.next();
    expect((await third.request()).data).toMatchObject({ session: 'next', rooms: { 'chat:1': at(7) } });
  });

  it('that is not there any more is replaced by the new one, and each room is joined again', async () => {
    const { client, gateway, connection } = await startInRoom();
    const noHistory = client.joinRoom('live');
    await connection.answer({ room: 'live' });
    await noHistory;
    gateway.refusesResume = false;
    connection.cut();
    const again = await gateway.connections.next();
    again.send({
      ...{ type: 'error', form: 'wsc', requestId: (await again.request()).requestId, code: 404 },
      ...{ error: 'WSC_UNKNOWN_EVENT', message: 'no', traceId: 't', timestamp: 1 },
    });
    expect((await again.answer({ room: 'chat:1', ...at(4), recovered: true, from: 4, to: 4 })).data).toEqual({
      room: 'chat:1',
      recover: at(4),
    });
    expect((await again.answer({ room: 'live' })).data).toEqual({ room: 'live' });
    again.cut();
    const third = await gateway.connections.next();
    expect((await third.request()).data).toMatchObject({ session: 'session2' });
  });

  it('that lacks a room has it joined, and one that was left meanwhile left again', async () => {
    const { client, gateway, connection, recoveries } = await startInRoom();
    const joins = ['a', 'b', 'live'].map((room) => client.joinRoom(room));
    for (const room of ['a', 'b', 'live']) await connection.answer({ room });
    await Promise.all(joins);
    gateway.refusesResume = false;
    connection.cut();
    await next((listener: (value: unknown) => void) => client.onClose(listener));
    await client.leaveRoom('b');
    const again = await gateway.connections.next();
    const { requestId } = await again.request();
    const rooms = {
      'chat:1': { ...at(4), recovered: true, from: 4, to: 4 },
      live: { recovered: false, reason: 'disabled' },
      a: { error: 'WSC_UNAVAILABLE' },
    };
    const reconnected = nextReconnection({ client });
    again.respond(requestId, { resumed: true, session: 's', rooms, inbox: {} });
    await expect(again.answer({ room: 'b' })).resolves.toMatchObject({ event: 'leave_room', data: { room: 'b' } });
    await expect(again.answer({ room: 'a' })).resolves.toMatchObject({ event: 'join_room', data: { room: 'a' } });
    expect(client.rooms).toEqual(['chat:1', 'a', 'live']);
    // Of a room that never had a position nobody has asked what was missed.
    expect(recoveries).toEqual([{ room: 'chat:1', recovered: true, from: 4, to: 4 }]);
    expect(await reconnected).toEqual({ resumed: true, rooms: recoveries });
  });

  it('is asked for again where the connection ends before the answer', async () => {
    const { client, gateway, connection } = await startInRoom();
    gateway.refusesResume = false;
    let closes = 0;
    client.onClose(() => (closes += 1));
    connection.cut();
    const again = await gateway.connections.next();
    await again.request();
    again.cut();
    const third = await gateway.connections.next();
    expect((await third.request()).data).toMatchObject({ session: 'session1' });
    // The second was never open to the program.
    expect(closes).toBe(1);
  });

  it('is begun with the first connection of a user, and begun anew after close()', async () => {
    const { client, gateway } = await createTestClient();
    gateway.refusesResume = false;
    await client.connect();
    expect(gateway.upgrades[0]?.protocols).toContain('resume.v1');
    const connection = await gateway.connections.next();
    // Nothing waits for its answer.
    client.send('marker', 1);
    const { requestId, event, data } = await connection.request();
    expect({ event, data }).toEqual({ event: 'resume', data: { session: '' } });
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
    connection.respond(requestId, { resumed: false, session: 'answered', rooms: {} });
    connection.notify({ event: 'heard', ack: true });
    client.on('heard', () => undefined);
    await connection.envelopes.next();
    connection.cut();
    const again = await gateway.connections.next();
    const resume = await again.request();
    expect(resume.data).toMatchObject({ session: 'answered' });
    again.respond(resume.requestId, { resumed: false, rooms: {} });
    await client.connect();
    await client.close();
    await client.connect();
    expect((await (await gateway.connections.next()).request()).data).toEqual({ session: '' });
  });

  it('needs no beginning without a user, who has no inbox', async () => {
    const { client, gateway } = await createTestClient({}, { welcomes: false });
    gateway.refusesResume = false;
    const connected = client.connect();
    const connection = await gateway.connections.next();
    connection.welcome({ isAnonymous: true });
    await connected;
    client.send('marker', 1);
    await expect(connection.envelopes.next()).resolves.toMatchObject({ event: 'marker' });
  });

  it('whose requests may be sent again has them sent behind it, with the same id', async () => {
    const { client, gateway, connection } = await startInRoom();
    const answer = client.request('order', { sku: 1 }, { idempotent: true });
    const { id } = await connection.request();
    gateway.refusesResume = false;
    connection.cut();
    const again = await gateway.connections.next();
    const { requestId } = await again.request();
    again.respond(requestId, { resumed: true, rooms: { 'chat:1': { ...at(4), recovered: true, from: 4, to: 4 } } });
    await expect(again.answer('done')).resolves.toMatchObject({ event: 'order', id });
    await expect(answer).resolves.toBe('done');
  });
});
