import { WscError } from '@nest-wsc/protocol';
import { MemoryPresence } from '../../stores/memory/memory-presence.js';
import { TestHub, type TestClient } from '../../testing/test-hub.js';
import { UnreliableBroker } from '../hub.fixture.js';

const limitExceeded = { error: 'WSC_LIMIT_EXCEEDED' };

function eventsOf({ hub }: TestHub): unknown[] {
  const heard: unknown[] = [];
  for (const name of ['room.joined', 'room.left', 'room.closed'] as const)
    hub.events.on(name, ({ room, userId, data }) => void heard.push([name, room, userId ?? data]));
  return heard;
}

const heardBy = ({ messages }: TestClient) => messages.map(({ event, data }) => [event, data]);

describe('a room', () => {
  it('is heard by members and subscribers, and only members count', async () => {
    await using test = await TestHub.start();
    const [member, subscriber, stranger] = [
      await test.connect({ userId: 'ann' }),
      await test.connect(),
      await test.connect(),
    ];
    await test.hub.join(member.connection.id, 'room');
    await test.hub.join(subscriber.connection.id, 'room', { role: 'subscriber' });
    expect(await test.hub.sendToRoom('room', { event: 'x' })).toMatchObject({ queued: 2, dropped: 0 });
    await test.settle();
    expect([member, subscriber, stranger].map(({ messages }) => messages.length)).toEqual([1, 1, 0]);
    expect(test.hub.roomInfo('room')).toMatchObject({ members: 1, subscribers: 1, isKept: false });
    expect(await test.hub.roomMembers('room')).toEqual([{ userId: 'ann', devices: 1, since: test.clock.now() }]);
    expect(test.hub.roomsOf(subscriber.connection.id)).toEqual(['room']);
    await test.hub.leave(subscriber.connection.id, 'room');
    expect(test.hub.roomInfo('room')).toMatchObject({ members: 1, subscribers: 0 });
  });

  it('is gone with its last member, and made again by the next, unless it was created', async () => {
    await using test = await TestHub.start();
    const events = eventsOf(test);
    test.hub.createRoom('kept', { metadata: { title: 'Hall' } });
    const client = await test.connect({ userId: 'ann' });
    for (const room of ['kept', 'passing']) await client.connection.join(room);
    expect(test.hub.rooms().map(({ room }) => room)).toEqual(['kept', 'passing']);
    await client.connection.leave('kept');
    await client.connection.leave('never-in');
    await client.disconnect();
    expect(test.hub.rooms()).toEqual([
      expect.objectContaining({ room: 'kept', metadata: { title: 'Hall' }, members: 0 }),
    ]);
    expect(events).toEqual([
      ['room.joined', 'kept', 'ann'],
      ['room.joined', 'passing', 'ann'],
      ['room.left', 'kept', 'ann'],
      ['room.left', 'passing', 'ann'],
    ]);
  });

  it('has a connection once, however often it joins, and a subscriber may become a member', async () => {
    await using test = await TestHub.start();
    const events = eventsOf(test);
    const client = await test.connect({ userId: 'ann' });
    const { id } = client.connection;
    await test.hub.join(id, 'room', { role: 'subscriber' });
    await test.hub.join(id, 'room');
    await test.hub.join(id, 'room');
    await test.hub.join(id, 'room', { role: 'subscriber' });
    expect(await test.hub.sendToRoom('room', { event: 'x' })).toMatchObject({ queued: 1 });
    expect(test.hub.roomInfo('room')).toMatchObject({ members: 1, subscribers: 0 });
    await test.hub.leave(id, 'room');
    expect([test.hub.roomInfo('room'), client.connection.rooms]).toEqual([undefined, []]);
    await test.settle();
    expect(events).toEqual([
      ['room.joined', 'room', 'ann'],
      ['room.left', 'room', 'ann'],
    ]);
  });

  it('that is deleted has its end in that turn: what comes after is for the next room of that name', async () => {
    await using test = await TestHub.start();
    const [ann, bob] = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'bob' })];
    await ann.connection.join('room');
    const deleted = test.hub.deleteRoom('room');
    const sent = test.hub.sendToRoom('room', { event: 'after' });
    await Promise.all([deleted, sent, bob.connection.join('room')]);
    await test.hub.sendToRoom('room', { event: 'again' });
    await test.settle();
    expect([ann.messages, bob.messages].map((messages) => messages.map(({ event }) => event))).toEqual([
      ['room_closed'],
      ['again'],
    ]);
  });

  it('that is deleted puts everybody out, who hear room_closed last', async () => {
    await using test = await TestHub.start();
    const events = eventsOf(test);
    test.hub.createRoom('room');
    const [ann, bob] = [await test.connect({ userId: 'ann' }), await test.connect()];
    for (const { connection } of [ann, bob]) await connection.join('room');
    expect(await test.hub.deleteRoom('room', 'moved')).toBe(2);
    expect(await test.hub.sendToRoom('room', { event: 'late' })).toMatchObject({ queued: 0 });
    await test.settle();
    expect([heardBy(ann), heardBy(bob)]).toEqual([
      [['room_closed', { room: 'room', reason: 'moved' }]],
      [['room_closed', { room: 'room', reason: 'moved' }]],
    ]);
    expect([test.hub.roomInfo('room'), ann.connection.rooms, await test.hub.roomMembers('room')]).toEqual([
      undefined,
      [],
      [],
    ]);
    expect(await test.hub.deleteRoom('room')).toBe(0);
    expect(events.slice(-1)).toEqual([['room.closed', 'room', { reason: 'moved' }]]);
  });

  it.each(['', 'no spaces', 'ü', 'x'.repeat(129), '*'])('can not be named %j', async (name) => {
    await using test = await TestHub.start();
    const { connection } = await test.connect();
    const invalid = { error: 'WSC_INVALID_NAME' };
    expect(() => test.hub.createRoom(name)).toThrow(expect.objectContaining(invalid));
    await expect(connection.join(name)).rejects.toMatchObject(invalid);
    await expect(connection.leave(name)).rejects.toMatchObject(invalid);
    await expect(test.hub.deleteRoom(name)).rejects.toMatchObject(invalid);
    await expect(test.hub.sendToRoom(name, { event: 'x' })).rejects.toMatchObject(invalid);
  });

  it.each(['__proto__', 'constructor', 'toString'])('may be named %s', async (name) => {
    await using test = await TestHub.start();
    const client = await test.connect({ userId: '__proto__' });
    expect(test.hub.roomInfo(name)).toBeUndefined();
    await client.connection.join(name);
    expect(await test.hub.roomMembers(name)).toMatchObject([{ userId: '__proto__' }]);
    expect(await test.hub.sendToUser('__proto__', { event: name })).toMatchObject({ queued: 1 });
  });
});

describe('limits of rooms', () => {
  it('hold per connection, per user over all devices, and for the node', async () => {
    await using test = await TestHub.start({ limits: { maxRoomsPerConnection: 3, maxRoomsPerUser: 2, maxRooms: 4 } });
    const [phone, laptop, nobody] = [
      await test.connect({ userId: 'ann' }),
      await test.connect({ userId: 'ann' }),
      await test.connect(),
    ];
    await phone.connection.join('a');
    await laptop.connection.join('b');
    await expect(phone.connection.join('c')).rejects.toMatchObject(limitExceeded);
    await laptop.connection.join('a');
    await phone.connection.join('b');
    for (const room of ['a', 'c', 'd']) await nobody.connection.join(room);
    await expect(nobody.connection.join('b')).rejects.toMatchObject(limitExceeded);
    await nobody.connection.join('a');
    expect(() => test.hub.createRoom('e')).toThrow(expect.objectContaining(limitExceeded));
    await nobody.connection.leave('d');
    test.hub.createRoom('e');
    expect([phone.connection.rooms, nobody.connection.rooms]).toEqual([
      ['a', 'b'],
      ['a', 'c'],
    ]);
  });

  it("of members are the room's own, else its namespace's, else the node's; subscribers are not counted", async () => {
    await using test = await TestHub.start({ limits: { maxRoomMembers: 3 } });
    test.hub.namespaces.define('two', { maxMembers: 2 });
    test.hub.createRoom('two:one', { maxMembers: 1 });
    const clients: TestClient[] = [];
    for (let index = 0; index < 4; index += 1) clients.push(await test.connect());
    const membersOf = async (room: string) => {
      for (const { connection } of clients) await connection.join(room).catch(() => undefined);
      return test.hub.roomInfo(room)?.members;
    };
    expect([await membersOf('two:one'), await membersOf('two:any'), await membersOf('any')]).toEqual([1, 2, 3]);
    await test.hub.join(clients[3]!.connection.id, 'any', { role: 'subscriber' });
    await expect(test.hub.join(clients[3]!.connection.id, 'any')).rejects.toMatchObject(limitExceeded);
    expect(test.hub.roomInfo('any')).toMatchObject({ members: 3, subscribers: 1 });
  });
});

describe('members of an announcing room with presence', () => {
  async function announcing(): Promise<TestHub> {
    const test = await TestHub.start({ options: { offlineGraceMs: 3_000 } });
    test.hub.namespaces.define('chat', { joinable: true, announceMembers: true, presence: true });
    return test;
  }

  /** What a member hears from now on. */
  async function listen(test: TestHub) {
    const bob = await test.connect({ userId: 'bob' });
    await bob.connection.join('chat:1');
    await test.clock.advance(2_000);
    const before = bob.messages.length;
    const heard = async (ms = 0) => {
      await test.clock.advance(ms);
      return heardBy(bob).slice(before);
    };
    return { heard };
  }

  it('hear of a user once, with the first connection and after the last', async () => {
    await using test = await announcing();
    const { heard } = await listen(test);
    const principal = { userId: 'ann', name: 'Ann', claims: {} };
    const [phone, laptop] = [await test.connect({ principal }), await test.connect({ principal })];
    for (const { connection } of [phone, laptop]) await connection.join('chat:1');
    const joined = ['room_joined', { room: 'chat:1', user_id: 'ann', name: 'Ann' }];
    const online = ['user_status', { user_id: 'ann', status: 'online' }];
    expect(await heard(2_000)).toEqual([joined, online]);
    // The status goes to all members, the user's own connections included (PROTOCOL.md §4).
    for (const { messages } of [phone, laptop]) expect(messages.map(({ event }) => event)).toEqual(['user_status']);
    await phone.disconnect();
    expect(await heard(5_000)).toEqual([joined, online]);
    const lastSeen = test.clock.now();
    await laptop.disconnect();
    const left = ['room_left', { room: 'chat:1', user_id: 'ann', name: 'Ann' }];
    expect(await heard(5_000)).toEqual([
      joined,
      online,
      left,
      ['user_status', { user_id: 'ann', status: 'offline', last_seen: lastSeen }],
    ]);
  });

  it('hear no status of who reloads: the user is back within the grace time', async () => {
    await using test = await announcing();
    const { heard } = await listen(test);
    const [first, elsewhere] = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'ann' })];
    await first.connection.join('chat:1');
    await test.clock.advance(2_000);
    const before = (await heard()).filter(([event]) => event === 'user_status').length;
    for (const stays of [true, false]) {
      const reloaded = test.hub.connectionsOf('ann').find(({ rooms }) => rooms.includes('chat:1'));
      reloaded?.closed(1001, '');
      if (!stays) await elsewhere.disconnect();
      await test.clock.advance(1_000);
      const back = await test.connect({ userId: 'ann' });
      await back.connection.join('chat:1');
      expect((await heard(6_000)).filter(([event]) => event === 'user_status')).toHaveLength(before);
    }
  });

  it('hear nothing of subscribers and of anonymous connections', async () => {
    await using test = await announcing();
    const { heard } = await listen(test);
    const [ann, nobody] = [await test.connect({ userId: 'ann' }), await test.connect()];
    await test.hub.join(ann.connection.id, 'chat:1', { role: 'subscriber' });
    await nobody.connection.join('chat:1');
    await ann.disconnect();
    await nobody.disconnect();
    expect(await heard(5_000)).toEqual([]);
  });
});

describe('a room between nodes', () => {
  it('is heard on while a member leaves in the middle of joining', async () => {
    const broker = new UnreliableBroker();
    await using test = await TestHub.start({ dependencies: { broker } });
    const [ann, bob] = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'bob' })];
    await ann.connection.join('room');
    broker.hold();
    const joined = bob.connection.join('room');
    const left = bob.connection.leave('room');
    broker.release();
    await Promise.all([joined, left]);
    expect(await test.hub.sendToRoom('room', { event: 'x' })).toMatchObject({ queued: 1 });
    const again = [bob.connection.join('room'), bob.disconnect()];
    await Promise.all(again);
    expect(await test.hub.sendToRoom('room', { event: 'x' })).toMatchObject({ queued: 1 });
    expect(test.hub.roomInfo('room')).toMatchObject({ members: 1, subscribers: 0 });
  });

  it('is not joined where the other nodes or presence can not be told', async () => {
    const [broker, presence] = [new UnreliableBroker(), new MemoryPresence()];
    await using test = await TestHub.start({ dependencies: { broker, presence } });
    const { connection } = await test.connect({ userId: 'ann' });
    broker.isBroken = true;
    await expect(connection.join('room')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    broker.isBroken = false;
    expect([connection.rooms, test.hub.stats().totalRooms]).toEqual([[], 0]);
    await test.hub.join(connection.id, 'listened', { role: 'subscriber' });
    const joined = presence.joined.bind(presence);
    presence.joined = () => {
      throw new WscError('WSC_UNAVAILABLE');
    };
    await expect(connection.join('room')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    await expect(connection.join('listened')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    presence.joined = joined;
    expect([connection.rooms, test.hub.roomInfo('listened')]).toMatchObject([
      ['listened'],
      { members: 0, subscribers: 1 },
    ]);
    expect(await test.hub.sendToRoom('listened', { event: 'x' })).toMatchObject({ queued: 1 });
  });

  it('has nobody in it whose join failed, even where presence had heard of it', async () => {
    const presence = new MemoryPresence();
    await using test = await TestHub.start({ dependencies: { presence } });
    const events = eventsOf(test);
    const { connection } = await test.connect({ userId: 'ann' });
    const joined = presence.joined.bind(presence);
    presence.joined = (entry, room) => {
      joined(entry, room);
      throw new WscError('WSC_UNAVAILABLE');
    };
    await expect(connection.join('room')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect([await test.hub.roomMembers('room'), events]).toEqual([[], []]);
    presence.joined = joined;
    await connection.join('room');
    await test.settle();
    expect(events).toEqual([['room.joined', 'room', 'ann']]);
  });

  it('can not be joined by a connection that is gone, and is left behind by nobody', async () => {
    await using test = await TestHub.start();
    const { connection, disconnect } = await test.connect({ userId: 'ann' }).then((client) => ({
      connection: client.connection,
      disconnect: () => client.disconnect(),
    }));
    await disconnect();
    await expect(connection.join('room')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    await expect(test.hub.join(connection.id, 'room')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect([test.hub.stats().totalRooms, await test.hub.roomMembers('room')]).toEqual([0, []]);
  });

  it('is deleted whole even where presence fails', async () => {
    const presence = new MemoryPresence();
    await using test = await TestHub.start({ dependencies: { presence } });
    const clients = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'bob' })];
    for (const { connection } of clients) await connection.join('room');
    presence.left = () => {
      throw new WscError('WSC_UNAVAILABLE');
    };
    expect(await test.hub.deleteRoom('room')).toBe(2);
    expect([test.hub.stats().totalRooms, clients.map(({ connection }) => connection.rooms)]).toEqual([0, [[], []]]);
    expect(test.logger.messages('debug')).toHaveLength(2);
  });
});
