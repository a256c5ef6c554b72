import {
  createClient,
  type Position,
  type Reconnection,
  type RoomPositions,
  type RoomRecovery,
  type WscClient,
} from '@nest-wsc/client';
import { HubService, WscModule } from '@nest-wsc/wsc';
import { WebSocket } from 'ws';
import { closeApps, startApp } from './support/apps.js';

const room = 'chat:1';
const clients: WscClient[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await closeApps();
});

/** A gateway whose rooms keep the last ten messages. */
async function startGateway() {
  const namespaces = { chat: { joinable: true, history: { maxMessages: 10 } }, desk: { history: true } };
  const { app, url } = await startApp({ imports: [WscModule.forRoot({ namespaces })] });
  const hub = app.get(HubService);
  const say = (data: unknown, to = room) => hub.sendToRoom(to, { event: 'said', data });
  return { url: `${url}/ws`, hub, say };
}

/** A client that shows what it hears, and whose network can be taken away. */
class Listener {
  readonly client: WscClient;
  readonly heard: unknown[] = [];
  readonly recoveries: RoomRecovery[] = [];
  #socket: WebSocket | undefined;
  #network: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Map<unknown, () => void>();

  constructor(url: string, options: Parameters<typeof createClient>[1] = {}) {
    this.client = createClient(url, {
      ...options,
      reconnect: { baseMs: 1 },
      createSocket: async (target, protocols) => {
        await this.#network;
        return (this.#socket = new WebSocket(target, [...protocols]));
      },
    });
    clients.push(this.client);
    for (const event of ['said', 'room_message']) {
      this.client.on(event, (data) => {
        this.heard.push(data);
        this.#waiting.get(data)?.();
      });
    }
    this.client.onRecovered((recovery) => this.recoveries.push(recovery));
  }

  /** Resolves with everything up to `last`. */
  async until(last: unknown): Promise<readonly unknown[]> {
    if (!this.heard.includes(last)) await new Promise<void>((resolve) => this.#waiting.set(last, resolve));
    return this.heard;
  }

  /** Without a network while `work` is done; resolves when the client is back, with what became of its rooms. */
  async offline(work: () => Promise<unknown>): Promise<Reconnection> {
    const closed = new Promise((resolve) => this.client.onClose(resolve));
    const isBack = new Promise<Reconnection>((resolve) => this.client.onReconnected(resolve));
    const done = closed.then(work);
    this.#network = done;
    this.#socket?.terminate();
    await done;
    return isBack;
  }
}

describe('a client of a real gateway', () => {
  it('gets what it missed without a network, once and in order, and not its own messages', async () => {
    const { url, say } = await startGateway();
    const listener = new Listener(url);
    await listener.client.connect();
    await listener.client.joinRoom(room);
    await say('before');
    await listener.until('before');
    await listener.client.sendToRoom(room, 'own');
    const reconnection = await listener.offline(async () => {
      for (const data of ['a', 'b', 'c']) await say(data);
    });
    await say('after');
    expect(await listener.until('after')).toEqual(['before', 'a', 'b', 'c', 'after']);
    expect(listener.recoveries).toEqual([{ room, recovered: true, from: 2, to: 5 }]);
    expect(reconnection).toEqual({ resumed: true, rooms: listener.recoveries });
  });

  it('gets what it missed in a room that only the server can put it into', async () => {
    const { url, hub, say } = await startGateway();
    const listener = new Listener(url);
    const { connectionId } = await listener.client.connect();
    await hub.join(connectionId, 'desk:7');
    await say('before', 'desk:7');
    await listener.until('before');
    await listener.offline(() => say('missed', 'desk:7'));
    expect(await listener.until('missed')).toEqual(['before', 'missed']);
    expect(listener.recoveries).toEqual([{ room: 'desk:7', recovered: true, from: 1, to: 2 }]);
  });

  it('is told where it missed more than is kept, and goes on', async () => {
    const { url, say } = await startGateway();
    const listener = new Listener(url);
    await listener.client.connect();
    await listener.client.joinRoom(room);
    await listener.offline(async () => {
      for (let count = 0; count < 12; count += 1) await say(count);
    });
    await say('after');
    expect(await listener.until('after')).toEqual(['after']);
    expect(listener.recoveries).toEqual([{ room, recovered: false, reason: 'trimmed' }]);
  });

  it('goes on where another one has ended that had the same store of positions', async () => {
    const { url, say } = await startGateway();
    let kept: RoomPositions = {};
    const positions = { load: () => kept, save: (now: RoomPositions) => (kept = now) };
    const first = new Listener(url, { positions });
    await first.client.connect();
    await first.client.joinRoom(room);
    await say('a');
    await first.until('a');
    await first.client.close();
    await say('b');
    const second = new Listener(url, { positions });
    await second.client.connect();
    const { recovery } = await second.client.joinRoom(room);
    expect(recovery).toEqual({ room, recovered: true, from: 1, to: 2 });
    expect(await second.until('b')).toEqual(['b']);
  });

  it.each([
    ['ahead of the join', true],
    ['behind the join', false],
  ])('fits a snapshot that is %s and its messages together while others write', async (_name, isAhead) => {
    const { url, say } = await startGateway();
    const stored: number[] = [];
    let top: Position | undefined;
    const write = async (count: number): Promise<void> => {
      const { offset = 0, epoch = '' } = await say(count);
      stored.push(count);
      top = { offset, epoch };
    };
    for (let count = 0; count < 3; count += 1) await write(count);
    const early = { state: [...stored], position: top };
    const listener = new Listener(url);
    await listener.client.connect();
    const state: unknown[] = [];
    for (let count = 3; count < 6; count += 1) await write(count);
    await listener.client.joinRoom(room, {
      getSnapshot: async () => {
        await write(6);
        const { state: loaded, position } = isAhead ? { state: [...stored], position: top } : early;
        await write(7);
        state.push(...loaded);
        return position;
      },
    });
    await write(8);
    await listener.until(8);
    expect([...state, ...listener.heard]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
