import { createClient, type WscClient as OwnClient } from '@nest-wsc/client';
import { WebSocket } from 'ws';
import { GatewayProcess } from './support/gateway-process.js';
import { connectAs, endUnharmed, gatewayEnvironment, webSocketUrl } from './support/gateway-users.js';
import { signToken } from './support/jwt.js';
import { WscClient } from './support/wsc-client.js';

let gateway: GatewayProcess;
const open: OwnClient[] = [];

beforeAll(async () => {
  gateway = await GatewayProcess.start(gatewayEnvironment);
});

afterEach(() => Promise.all(open.splice(0).map((client) => client.close())));

afterAll(() => endUnharmed(gateway));

interface Own {
  readonly client: OwnClient;
  /** Cuts its connection, as a lost network does. */
  cut(): void;
}

/** The project's own client, in a room. */
async function joinWithOwn(userId: string, room: string): Promise<Own> {
  let socket: WebSocket | undefined;
  const client = createClient(webSocketUrl(gateway), {
    token: () => signToken(userId),
    reconnect: { baseMs: 20 },
    createSocket: (url, protocols) => (socket = new WebSocket(url, [...protocols])),
  });
  open.push(client);
  await client.connect();
  await client.joinRoom(room);
  return { client, cut: () => socket?.terminate() };
}

const nextMessage = (client: OwnClient, event = 'room_message') =>
  new Promise<unknown>((resolve) => client.once(event, (data, message) => resolve({ data, from: message.from })));

describe('two of our clients', () => {
  it('chat, and go on after one has lost its connection and come back by itself', async () => {
    const ann = await joinWithOwn('ann', 'chat:own');
    const bob = await joinWithOwn('bob', 'chat:own');
    const first = nextMessage(bob.client);
    await ann.client.sendToRoom('chat:own', 'hello');
    expect(await first).toEqual({ data: 'hello', from: 'ann' });

    const states: string[] = [];
    bob.client.onStateChange((state) => states.push(state));
    const isBack = new Promise((resolve) => bob.client.onOpen(resolve));
    const isJoined = new Promise((resolve) => ann.client.once('room_joined', resolve));
    bob.cut();
    await isBack;
    await isJoined;
    expect(states[0]).not.toBe('open');
    expect(states.at(-1)).toBe('open');

    const second = nextMessage(bob.client);
    await ann.client.sendToRoom('chat:own', 'still there?');
    expect(await second).toEqual({ data: 'still there?', from: 'ann' });
    const third = nextMessage(ann.client);
    await bob.client.sendToRoom('chat:own', 'yes');
    expect(await third).toEqual({ data: 'yes', from: 'bob' });
    const privately = nextMessage(bob.client, 'chat');
    await ann.client.sendToUser('bob', 'psst');
    expect(await privately).toEqual({ data: 'psst', from: 'ann' });
  });

  it('say what is in the queue once the connection is back', async () => {
    const ann = await joinWithOwn('ann', 'chat:queue');
    const bob = await joinWithOwn('bob', 'chat:queue');
    const heard = nextMessage(bob.client);
    ann.cut();
    ann.client.send('room_message', { room: 'chat:queue', data: 'said while away' });
    expect(await heard).toEqual({ data: 'said while away', from: 'ann' });
  });
});

describe('a client in plain ws that speaks {event, data}', () => {
  it('chats with ours', async () => {
    const { client: ann } = await joinWithOwn('ann', 'chat:stock');
    await using stock = await connectAs(gateway, 'stock', { protocols: [] });
    stock.send({ event: 'join_room', data: { room: 'chat:stock' } });
    expect(await stock.hear({ room: 'chat:stock', members: 2 })).toBeDefined();

    await ann.sendToRoom('chat:stock', { text: 'Hello' });
    expect(await stock.hear({ event: 'room_message' })).toMatchObject({
      data: { text: 'Hello' },
      from: 'ann',
      room: 'chat:stock',
    });

    const heard = nextMessage(ann);
    stock.send({ event: 'room_message', data: { room: 'chat:stock', data: 'Hi' } });
    expect(await heard).toEqual({ data: 'Hi', from: 'stock' });
    stock.send({ event: 'chat.send', data: { room: 'chat:stock', text: '' } });
    expect(await stock.hear({ event: 'exception' })).toMatchObject({
      data: { status: 'error', error: 'WSC_VALIDATION_FAILED' },
    });
    stock.send({ event: 'echo', data: { back: 'as it is' } });
    expect(await stock.hear({ back: 'as it is' })).toEqual({ back: 'as it is' });
  });

  it('needs nothing but a WebSocket and a token in its offers, as in a browser', async () => {
    const protocols = ['wsc.v1.json', `bearer.${await signToken('stock')}`];
    await using stock = await WscClient.connect(webSocketUrl(gateway), { protocols });
    stock.send({ event: 'echo', data: { n: 1 } });
    expect(await stock.hear({ n: 1 })).toEqual({ n: 1 });
  });
});

describe('a client that speaks ginforge.v1.json', () => {
  it('chats with ours, in its own words', async () => {
    const { client: ann } = await joinWithOwn('ann', 'chat:gin');
    await using gin = await WscClient.open(webSocketUrl(gateway), {
      protocols: ['ginforge.v1.json', `bearer.${await signToken('gin', { name: 'Gin' })}`],
    });
    expect(gin.socket.protocol).toBe('ginforge.v1.json');
    expect(await gin.hear({ type: 'welcome' })).toMatchObject({ content: { user_id: 'gin', protocol: 'wsc.v1' } });

    gin.send({ type: 'join_room', content: 'chat:gin' });
    expect(await gin.hear({ type: 'room_joined', room: 'chat:gin', id: undefined })).toMatchObject({
      content: { room: 'chat:gin', members: 2 },
    });
    const heard = nextMessage(ann);
    gin.send({ type: 'room_message', room: 'chat:gin', content: 'Hi', id: 'r1' });
    expect(await gin.hear({ type: 'room_message', id: 'r1' })).toMatchObject({ content: { id: expect.any(String) } });
    expect(await heard).toEqual({ data: 'Hi', from: 'gin' });

    await ann.sendToRoom('chat:gin', { content: 'Look', data: { image: 7 } });
    expect(await gin.hear({ type: 'room_message', room: 'chat:gin' })).toMatchObject({
      content: 'Look',
      data: { image: 7 },
      from: 'ann',
    });
    const privately = nextMessage(ann, 'chat');
    gin.send({ type: 'chat', to: 'ann', content: 'psst' });
    expect(await privately).toEqual({ data: 'psst', from: 'gin' });
    gin.send({ type: 'join_room', content: 'secret:1', id: 'r2' });
    expect(await gin.hear({ type: 'error', id: 'r2' })).toMatchObject({ content: { error: 'WSC_FORBIDDEN' } });
    gin.send({ type: 'leave_room', room: 'chat:gin' });
    expect(await gin.hear({ type: 'room_left', id: undefined })).toMatchObject({ room: 'chat:gin' });
    gin.send({ type: 'ping' });
    expect(await gin.hear({ type: 'pong' })).toMatchObject({ timestamp: expect.any(Number) });
  });
});

describe('a client that speaks basic.v1.json', () => {
  it('follows what ours write, in its own words', async () => {
    const { client: ann } = await joinWithOwn('ann', 'doc:1');
    await using basic = await WscClient.open(webSocketUrl(gateway), {
      protocols: ['basic.v1.json', `bearer.${await signToken('basic')}`],
    });
    expect(await basic.hear({ type: 'welcome' })).toMatchObject({ payload: { user_id: 'basic' } });
    basic.send({ type: 'subscribe', payload: 'doc:1' });
    expect(await basic.hear({ type: 'subscribed' })).toMatchObject({ payload: { room: 'doc:1', members: 1 } });

    await ann.sendToRoom('doc:1', 'a change');
    const message = await basic.hear({ type: 'room_message' });
    expect(message).toMatchObject({ payload: 'a change', room: 'doc:1', from: 'ann' });
    expect(message).not.toHaveProperty('id');
    basic.send({ type: 'echo', id: 'r1', payload: 7 });
    expect(await basic.hear({ id: 'r1' })).toEqual({ type: 'echo', id: 'r1', payload: 7 });
    basic.send({ type: 'nothing.here', id: 'r2' });
    expect(await basic.hear({ id: 'r2' })).toMatchObject({ type: 'error', payload: { error: 'WSC_UNKNOWN_EVENT' } });
    basic.send({ type: 'unsubscribe', payload: { room: 'doc:1' } });
    expect(await basic.hear({ type: 'unsubscribed' })).toMatchObject({ payload: { room: 'doc:1' } });
    await ann.sendToRoom('doc:1', 'unheard');
    basic.send({ type: 'ping' });
    expect(await basic.hear({ type: 'pong' })).toMatchObject({ payload: { timestamp: expect.any(Number) } });
    expect(basic.unheard).toEqual([]);
  });
});
