import { WebSocket } from 'ws';
import type { PositionStore, RoomPositions } from './position-store.js';
import type { RoomRecovery } from './recovery-answers.js';
import { createDeferred } from './settle.js';
import { FakePage } from './testing/fake-page.js';
import { Inbox } from './testing/inbox.js';
import { at, Heard, join, say } from './testing/room-script.js';
import { closeAll, createTestClient, next, startClient } from './testing/start-client.js';

afterEach(closeAll);

/** A store that shows what it is given. */
class TestStore implements PositionStore {
  readonly saves = new Inbox<RoomPositions>();
  readonly #loaded: unknown;

  constructor(loaded?: unknown) {
    this.#loaded = loaded;
  }

  load(): unknown {
    return this.#loaded;
  }

  save(positions: RoomPositions): unknown {
    this.saves.push(positions);
    return undefined;
  }
}

describe('a store of positions', () => {
  it('lets the next client go on where the last one was', async () => {
    const { client, connection } = await startClient({ positions: new TestStore({ 'chat:1': at(4) }) });
    const heard = new Heard(client);
    const recovered = next<RoomRecovery>((listener) => client.onRecovered(listener));
    const joined = client.joinRoom('chat:1');
    const { requestId, data } = await connection.request();
    expect(data).toEqual({ room: 'chat:1', recover: at(4) });
    connection.respond(requestId, { room: 'chat:1', ...at(4), recovered: true, from: 4, to: 5 });
    say(connection, 5);
    const recovery = { room: 'chat:1', recovered: true, from: 4, to: 5 };
    await expect(joined).resolves.toEqual({ room: 'chat:1', position: at(4), recovery });
    expect(await recovered).toEqual(recovery);
    expect(await heard.until(5)).toEqual([5]);
  });

  it('may take its time to load: the first connection and joins wait for it', async () => {
    const loading = createDeferred<unknown>();
    const order: string[] = [];
    const { client, gateway } = await createTestClient({
      positions: new TestStore(loading.promise),
      createSocket: (url, protocols) => {
        order.push('socket');
        return new WebSocket(url, [...protocols]);
      },
    });
    const joined = client.joinRoom('chat:1');
    const connected = client.connect();
    await new Promise(setImmediate);
    order.push('loaded');
    loading.resolve({ 'chat:1': at(4) });
    await connected;
    expect(order).toEqual(['loaded', 'socket']);
    const connection = await gateway.connections.next();
    const { data } = await connection.answer({ room: 'chat:1', ...at(4), recovered: true, from: 4, to: 4 });
    expect(data).toEqual({ room: 'chat:1', recover: at(4) });
    await joined;
  });

  it.each([
    [undefined],
    [null],
    ['junk'],
    [{ 'chat:1': 4, 'chat:2': { offset: -1, epoch: 'e' }, 'chat:3': { offset: 1 } }],
  ])('that holds %j holds nothing', async (loaded) => {
    const { client, connection } = await startClient({ positions: new TestStore(loaded) });
    void client.joinRoom('chat:1');
    expect((await connection.request()).data).toEqual({ room: 'chat:1' });
  });

  it('that fails is reported, and nothing else', async () => {
    const fails = (): never => {
      throw new Error('full');
    };
    const { client, connection, errors } = await startClient({
      positions: { load: async () => Promise.reject(new Error('locked')), save: fails },
    });
    expect(await errors.next()).toMatchObject({ error: { message: 'locked' }, context: { source: 'positions' } });
    await join(client, connection, 4);
    expect(await errors.next()).toMatchObject({ error: { message: 'full' }, context: { source: 'positions' } });
  });

  it('gets a position once the handlers have ended, many changes at once, and what was not joined again stays', async () => {
    const store = new TestStore({ 'chat:2': at(7) });
    const { client, connection } = await startClient({ positions: store });
    const slow = createDeferred<undefined>();
    client.on('news', (offset) => (offset === 6 ? slow.promise : undefined));
    const heard = new Heard(client);
    await join(client, connection, 4);
    for (const offset of [5, 6, 7]) say(connection, offset);
    await heard.until(7);
    expect(await store.saves.next()).toEqual({ 'chat:1': at(5), 'chat:2': at(7) });
    slow.resolve(undefined);
    expect(await store.saves.next()).toEqual({ 'chat:1': at(7), 'chat:2': at(7) });
    expect(store.saves.items).toEqual([]);
  });

  it('is not called while it is at work, and gets the newest then', async () => {
    const saves = new Inbox<{ readonly positions: RoomPositions; readonly done: () => void }>();
    const { client, connection } = await startClient({
      positions: {
        load: () => undefined,
        save: (positions) => new Promise<void>((resolve) => saves.push({ positions, done: resolve })),
      },
    });
    const heard = new Heard(client);
    await join(client, connection, 4);
    const first = await saves.next();
    say(connection, 5);
    await heard.until(5);
    await client.close();
    expect(saves.items).toEqual([]);
    first.done();
    const second = await saves.next();
    expect(second.positions).toEqual({ 'chat:1': at(5) });
    second.done();
  });

  it('is told at once when the client closes or the page is left, and forgets a room that was left', async () => {
    const store = new TestStore();
    const page = new FakePage();
    const { client, connection } = await startClient({ positions: store, page });
    await join(client, connection, 4);
    page.hide();
    expect(store.saves.items).toEqual([{ 'chat:1': at(4) }]);
    const left = client.leaveRoom('chat:1');
    await connection.answer({ room: 'chat:1' });
    await left;
    await client.close();
    expect(store.saves.items.at(-1)).toEqual({});
  });

  it('lets the same client go on after close() and connect()', async () => {
    const { client, gateway, connection } = await startClient({ positions: new TestStore() });
    await join(client, connection, 4);
    await client.close();
    await client.connect();
    const again = await gateway.connections.next();
    void client.joinRoom('chat:1');
    expect((await again.request()).data).toEqual({ room: 'chat:1', recover: at(4) });
  });
});
