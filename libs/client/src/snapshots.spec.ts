import type { RoomRecovery } from './recovery-answers.js';
import type { Position } from './position.js';
import { createDeferred, type Deferred } from './settle.js';
import type { GetSnapshot } from './snapshots.js';
import { Inbox } from './testing/inbox.js';
import { at, Heard, say } from './testing/room-script.js';
import { closeAll, startClient } from './testing/start-client.js';

afterEach(closeAll);

/** A client that has joined `chat:1` at offset 4 and loads its state. */
async function startLoading() {
  const started = await startClient();
  const heard = new Heard(started.client);
  const recoveries: RoomRecovery[] = [];
  started.client.onRecovered((recovery) => recoveries.push(recovery));
  const loads = new Inbox<Deferred<Position | undefined>>();
  const getSnapshot: GetSnapshot = () => {
    const load = createDeferred<Position | undefined>();
    loads.push(load);
    return load.promise;
  };
  const joined = started.client.joinRoom('chat:1', { getSnapshot });
  await started.connection.answer({ room: 'chat:1', ...at(4) });
  return { ...started, heard, recoveries, loads, joined, load: await loads.next() };
}

/** Once the client has heard everything that was sent before. */
async function settled({ client, connection }: Awaited<ReturnType<typeof startLoading>>): Promise<void> {
  const asked = client.request('settle', 1);
  await connection.answer(1);
  await asked;
}

describe('a snapshot', () => {
  it('is loaded after the join; of what came meanwhile exactly that above it follows', async () => {
    const room = await startLoading();
    const { connection, heard, load, joined } = room;
    for (const offset of [5, 6, 7]) say(connection, offset);
    await settled(room);
    expect(heard.data).toEqual([]);
    load.resolve(at(6));
    await expect(joined).resolves.toEqual({ room: 'chat:1', position: at(4) });
    say(connection, 8);
    expect(await heard.until(8)).toEqual([7, 8]);
  });

  it('that is ahead of what came lets pass what it has already', async () => {
    const { connection, heard, load, joined } = await startLoading();
    load.resolve(at(6));
    await joined;
    for (const offset of [5, 6, 7]) say(connection, offset);
    expect(await heard.until(7)).toEqual([7]);
    expect(connection.envelopes.items).toEqual([]);
  });

  it('that is older than the join has everything since then follow it', async () => {
    const room = await startLoading();
    const { connection, heard, load, joined, recoveries } = room;
    say(connection, 5);
    await settled(room);
    load.resolve(at(2));
    const { requestId, data } = await connection.request();
    expect(data).toEqual({ room: 'chat:1', recover: at(2) });
    connection.respond(requestId, { room: 'chat:1', ...at(2), recovered: true, from: 2, to: 5 });
    for (const offset of [3, 4, 5, 6]) say(connection, offset);
    await joined;
    expect(await heard.until(6)).toEqual([3, 4, 5, 6]);
    expect(recoveries).toEqual([{ room: 'chat:1', recovered: true, from: 2, to: 5 }]);
  });

  it('of another epoch is not loaded again and again: the program hears that it is of no use', async () => {
    const { connection, heard, load, loads, recoveries } = await startLoading();
    load.resolve(at(2, 'old'));
    await connection.answer({ room: 'chat:1', ...at(5), recovered: false, reason: 'epoch' });
    say(connection, 6);
    expect(await heard.until(6)).toEqual([6]);
    expect(recoveries).toEqual([{ room: 'chat:1', recovered: false, reason: 'epoch' }]);
    expect(loads.items).toEqual([]);
  });

  it('without a position has everything follow that came since the join', async () => {
    const room = await startLoading();
    const { connection, heard, load } = room;
    say(connection, 5);
    connection.notify({ id: 'x', data: 'unstored', room: 'chat:1' });
    await settled(room);
    load.resolve(undefined);
    expect(await heard.until('unstored')).toEqual([5, 'unstored']);
  });

  it('that takes too long for what can wait has it sent again', async () => {
    const room = await startLoading();
    const { connection, heard, load } = room;
    for (let offset = 5; offset <= 1_105; offset += 1) say(connection, offset);
    await settled(room);
    load.resolve(at(1_103));
    expect(
      (await connection.answer({ room: 'chat:1', ...at(1_103), recovered: true, from: 1_103, to: 1_105 })).data,
    ).toEqual({
      room: 'chat:1',
      recover: at(1_103),
    });
    for (const offset of [1_104, 1_105]) say(connection, offset);
    expect(await heard.until(1_105)).toEqual([1_104, 1_105]);
  });

  it('that fails fails the join, and the room is left', async () => {
    const { client, connection, load, joined } = await startLoading();
    load.reject(new Error('no state'));
    await expect(joined).rejects.toThrow('no state');
    await expect(connection.request()).resolves.toMatchObject({ event: 'leave_room', data: { room: 'chat:1' } });
    expect(client.rooms).toEqual([]);
  });

  it('is loaded again where what was missed does not follow, and only there', async () => {
    const { client, gateway, connection, heard, load, loads, joined, errors } = await startLoading();
    load.resolve(at(4));
    await joined;
    connection.cut();
    const again = await gateway.connections.next();
    await again.answer({ room: 'chat:1', ...at(4), recovered: true, from: 4, to: 4 });
    say(again, 5);
    await heard.until(5);
    expect(loads.items).toEqual([]);
    again.cut();
    const third = await gateway.connections.next();
    const { requestId } = await third.request();
    third.respond(requestId, { room: 'chat:1', ...at(50), recovered: false, reason: 'trimmed' });
    for (const offset of [51, 52]) say(third, offset);
    (await loads.next()).resolve(at(51));
    expect(await heard.until(52)).toEqual([5, 52]);
    third.cut();
    const fourth = await gateway.connections.next();
    await fourth.answer({ room: 'chat:1', ...at(90), recovered: false, reason: 'trimmed' });
    say(fourth, 91);
    (await loads.next()).reject(new Error('no state'));
    expect(await heard.until(91)).toEqual([5, 52, 91]);
    expect(await errors.next()).toMatchObject({
      error: { message: 'no state' },
      context: { source: 'snapshot', room: 'chat:1' },
    });
    expect(client.rooms).toEqual(['chat:1']);
  });

  it('of a room that was left meanwhile brings nothing back', async () => {
    const room = await startLoading();
    const { client, connection, heard, load, joined } = room;
    say(connection, 5);
    await settled(room);
    const left = client.leaveRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    await left;
    load.resolve(undefined);
    await joined;
    expect(heard.data).toEqual([]);
  });
});
