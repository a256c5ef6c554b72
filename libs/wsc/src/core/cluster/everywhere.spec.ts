import { Network } from './network.fixture.js';

async function start() {
  const network = new Network();
  const [here, there] = [await network.start(), await network.start()];
  const settle = async (): Promise<void> => {
    for (const node of [here, there, here]) await node.settle();
  };
  return { network, here, there, settle };
}

describe('two nodes that act as one', () => {
  it('reach a user, a room and everyone wherever they are, and say how many nodes it was handed to', async () => {
    const { here, there, settle } = await start();
    const ann = await there.connect({ userId: 'ann' });
    await ann.connection.join('chat:1');
    expect(await here.hub.sendToUser('ann', { event: 'user' })).toMatchObject({ queued: 0, otherNodes: 1 });
    await here.hub.sendToRoom('chat:1', { event: 'room' });
    await here.hub.broadcast({ event: 'everyone' });
    await settle();
    expect(ann.messages.map(({ event }) => event)).toEqual(['user', 'room', 'everyone']);
  });

  it('pick an audience by user type, room and metadata, all of which must hold', async () => {
    const { here, there, settle } = await start();
    const clients = [
      await here.connect({ principal: { userId: 'ann', userType: 'agent', claims: {} } }),
      await there.connect({ principal: { userId: 'bob', userType: 'agent', claims: {} } }),
      await there.connect({ principal: { userId: 'cid', userType: 'customer', claims: {} } }),
    ];
    for (const { connection } of clients) await connection.join('chat:1');
    clients[1]?.connection.metadata.set('team', 7);
    await here.hub.sendWhere({ userTypes: ['agent'] }, { event: 'agents' });
    await here.hub.sendWhere({ userTypes: ['agent'], metadata: { team: 7 } }, { event: 'team' });
    await here.hub.sendWhere({ rooms: ['chat:1', 'other'], userTypes: ['customer'] }, { event: 'customers' });
    await settle();
    expect(clients.map(({ messages }) => messages.map(({ event }) => event))).toEqual([
      ['agents'],
      ['agents', 'team'],
      ['customers'],
    ]);
  });

  it.each([
    ['nothing', {}],
    ['a room that is no name', { rooms: ['a b'] }],
    ['a user type that is none', { userTypes: [''] }],
    ['metadata that can not be compared', { metadata: { a: NaN } }],
  ])('refuse an audience of %s', async (_, audience) => {
    const { here } = await start();
    await expect(here.hub.sendWhere(audience, { event: 'x' })).rejects.toMatchObject({
      error: 'WSC_VALIDATION_FAILED',
    });
  });

  it('send to one connection, put it into a room and out of it, and close it', async () => {
    const { here, there, settle } = await start();
    const ann = await there.connect({ userId: 'ann' });
    const { id } = ann.connection;
    expect(await here.hub.sendToConnection(id, { event: 'one' })).toMatchObject({ queued: 1 });
    await here.hub.join(id, 'chat:1');
    expect(ann.connection.rooms).toEqual(['chat:1']);
    await here.hub.leave(id, 'chat:1');
    await settle();
    expect([ann.connection.rooms, ann.messages.map(({ event }) => event)]).toEqual([[], ['one']]);
    expect(await here.hub.disconnectConnection(id)).toBe(true);
    expect(await here.hub.sendToConnection('nobody', { event: 'x' })).toMatchObject({ queued: 0 });
    expect(await here.hub.disconnectConnection('nobody')).toBe(false);
    await expect(here.hub.join('nobody', 'chat:1')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
  });

  it('tell who asks what the other node refuses', async () => {
    const network = new Network();
    const here = await network.start();
    const there = await network.start({ limits: { maxRoomsPerConnection: 1 } });
    const ann = await there.connect({ userId: 'ann' });
    await here.hub.join(ann.connection.id, 'chat:1');
    await expect(here.hub.join(ann.connection.id, 'chat:2')).rejects.toMatchObject({
      error: 'WSC_LIMIT_EXCEEDED',
      message: 'A connection may be in 1 rooms.',
    });
  });

  it('disconnect a user, and close a room whose members hear it once', async () => {
    const { here, there, settle } = await start();
    const [ann, tab, bob] = [
      await here.connect({ userId: 'ann' }),
      await there.connect({ userId: 'ann' }),
      await there.connect({ userId: 'bob' }),
    ];
    for (const { connection } of [ann, tab, bob]) await connection.join('chat:1');
    expect(await here.hub.deleteRoom('chat:1', 'done')).toBe(3);
    await settle();
    for (const { messages } of [ann, tab, bob])
      expect(messages).toMatchObject([{ event: 'room_closed', data: { room: 'chat:1', reason: 'done' } }]);
    expect((await here.hub.userConnections('ann')).map(({ nodeId }) => nodeId)).toEqual(['node-1', 'node-2']);
    expect(await here.hub.disconnectUser('ann')).toBe(2);
    await settle();
    expect([ann, tab, bob].map(({ closedWith }) => closedWith?.code)).toEqual([4503, 4503, undefined]);
  });

  it('count for all, and say when a node that lives gives no answer', async () => {
    const { network, here, there } = await start();
    await there.connect({ userId: 'ann' });
    const all = await here.hub.clusterStats();
    expect(all).toMatchObject({ missing: [], isPartial: false });
    expect(all.nodes.map(({ nodeId, totalClients }) => [nodeId, totalClients])).toEqual([
      ['node-1', 0],
      ['node-2', 1],
    ]);
    for (const node of network.nodes) node.isSilent = true;
    expect(await here.hub.clusterStats()).toMatchObject({ missing: ['node-2'], isPartial: true });
    await expect(here.hub.disconnectUser('ann')).rejects.toMatchObject({
      error: 'WSC_TIMEOUT',
      details: { done: 0, missing: ['node-2'] },
    });
  });
});

describe('the limits of a user', () => {
  it('hold for the connections of all nodes together', async () => {
    const network = new Network();
    const limits = { maxConnectionsPerUser: 2 };
    const [here, there] = [await network.start({ limits }), await network.start({ limits })];
    await here.connect({ userId: 'ann' });
    const tab = await there.connect({ userId: 'ann' });
    await expect(here.connect({ userId: 'ann' })).rejects.toMatchObject({ statusCode: 429 });
    await tab.disconnect();
    await here.connect({ userId: 'ann' });
  });

  it.each([
    ['kick-oldest', ['replaced', undefined, undefined]],
    ['kick-all', ['replaced', 'replaced', undefined]],
  ] as const)('put older devices out on whichever node they are: %s', async (whenExceeded, ends) => {
    const network = new Network();
    const options = { devicePolicy: { maxDevices: 2, whenExceeded } };
    const nodes = [await network.start({ options }), await network.start({ options })] as const;
    const devices = [];
    for (const [index, deviceId] of ['one', 'two', 'three'].entries()) {
      for (const node of nodes) await node.clock.advance(10);
      devices.push(await (nodes[index % 2] ?? nodes[0]).connect({ userId: 'ann', deviceId }));
    }
    for (const node of nodes) await node.settle();
    expect(devices.map(({ closedWith }) => closedWith?.reason)).toEqual(ends);
  });

  it('put out one of two devices that come at once on two nodes, and not both', async () => {
    const network = new Network();
    const options = { devicePolicy: { maxDevices: 1, whenExceeded: 'kick-oldest' } } as const;
    const [here, there] = [await network.start({ options }), await network.start({ options })];
    const devices = await Promise.all([
      here.connect({ userId: 'ann', deviceId: 'one' }),
      there.connect({ userId: 'ann', deviceId: 'two' }),
    ]);
    for (const node of [here, there, here]) await node.settle();
    expect(devices.filter(({ closedWith }) => closedWith === undefined)).toHaveLength(1);
  });
});

it('a node that does not reach the others takes no connections, and says so to probes', async () => {
  const { network, here } = await start();
  const [node] = network.nodes;
  if (node !== undefined) node.isCutOff = true;
  await expect(here.connect()).rejects.toMatchObject({ statusCode: 503, headers: { 'Retry-After': '5' } });
  expect(here.hub.health()).toEqual({ isReady: false });
});

describe('an acknowledgement that is waited for on another node', () => {
  it('settles there, whichever node the device is on', async () => {
    const { here, there, settle } = await start();
    const ann = await there.connect({ userId: 'ann' });
    ann.connection.allowAcks();
    const outcome = here.hub.sendToUserWithAck('ann', { event: 'x' });
    await settle();
    const [message] = ann.messages;
    await ann.send({ type: 'ack', ids: [message?.id] });
    await settle();
    expect(await outcome).toMatchObject({ status: 'acked', deviceId: ann.connection.deviceId, attempts: 1 });
    expect(there.hub.stats().ignoredAcks).toBe(0);
  });

  it('does not come from another user, nor twice', async () => {
    const { here, there, settle } = await start();
    const [ann, eve] = [await there.connect({ userId: 'ann' }), await there.connect({ userId: 'eve' })];
    ann.connection.allowAcks();
    const outcome = here.hub.sendToUserWithAck('ann', { event: 'x' }, { timeoutMs: 1_000 });
    await settle();
    const ids = ann.messages.map(({ id }) => id);
    await eve.send({ type: 'ack', ids });
    await settle();
    expect(there.hub.stats().ignoredAcks).toBe(1);
    await ann.send({ type: 'ack', ids });
    await ann.send({ type: 'ack', ids });
    await settle();
    expect([(await outcome).status, there.hub.stats().ignoredAcks]).toEqual(['acked', 2]);
  });

  it('that comes late changes what is known of the message, not the outcome', async () => {
    const { here, there, settle } = await start();
    const ann = await there.connect({ userId: 'ann' });
    ann.connection.allowAcks();
    const outcome = here.hub.sendToUserWithAck('ann', { event: 'x', id: 'late' }, { timeoutMs: 1_000 });
    await settle();
    await here.clock.advance(1_000);
    expect(await outcome).toMatchObject({ status: 'unknown' });
    expect(await here.hub.inboxes.record('ann', 'late')).toMatchObject({ status: 'sent' });
    await ann.send({ type: 'ack', ids: ['late'] });
    await settle();
    const deviceId = ann.connection.deviceId;
    expect(await here.hub.inboxes.record('ann', 'late')).toMatchObject({ status: 'acked', deviceId });
  });

  it('fails at once where no node could hand it over, and is unknown where one did', async () => {
    const { here, there, settle } = await start();
    const failed = here.hub.sendToUserWithAck('nobody', { event: 'x' });
    await settle();
    expect(await failed).toMatchObject({ status: 'failed', reason: 'The user is not connected.' });
    await there.connect({ userId: 'ann' });
    const unknown = here.hub.sendToUserWithAck('ann', { event: 'x' }, { timeoutMs: 1_000 });
    await settle();
    await here.clock.advance(1_000);
    expect(await unknown).toMatchObject({ status: 'unknown', reason: 'Nobody acknowledged it in time.' });
  });
});
