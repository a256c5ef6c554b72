import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { MemoryCluster } from '../../stores/memory/memory-cluster.js';
import { MemoryInbox } from '../../stores/memory/memory-inbox.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TestHub, type TestClient, type TestClientOptions } from '../../testing/test-hub.js';
import type { ClusterListener } from '../ports/cluster.js';
import { withResolver } from '../async/with-resolver.js';
import type { HubDependencies } from '../hub-parts.js';
import type { Inbox } from '../ports/inbox.js';
import { ask } from '../streams/history.fixture.js';

/** Of a store that forgets everything when it is told to. */
class ForgetfulInbox implements Inbox {
  readonly #make: () => Inbox;
  #inbox: Inbox;

  constructor(make: () => Inbox) {
    this.#make = make;
    this.#inbox = make();
  }

  forget(): void {
    this.#inbox = this.#make();
  }

  store: Inbox['store'] = (...args) => this.#inbox.store(...args);
  unacknowledged: Inbox['unacknowledged'] = (...args) => this.#inbox.unacknowledged(...args);
  acknowledge: Inbox['acknowledge'] = (...args) => this.#inbox.acknowledge(...args);
  acknowledgeUpTo: Inbox['acknowledgeUpTo'] = (...args) => this.#inbox.acknowledgeUpTo(...args);
  isAcknowledged: Inbox['isAcknowledged'] = (...args) => this.#inbox.isAcknowledged(...args);
  deadLetters: Inbox['deadLetters'] = (...args) => this.#inbox.deadLetters(...args);
  takeDeadLetter: Inbox['takeDeadLetter'] = (...args) => this.#inbox.takeDeadLetter(...args);
  size: Inbox['size'] = (...args) => this.#inbox.size(...args);

  close(): void {
    return;
  }
}

/** A node that its store may lose. */
class LosableCluster extends MemoryCluster {
  #listener: ClusterListener | undefined;

  override start(listener?: ClusterListener): void {
    this.#listener = listener;
  }

  lose(): void {
    this.#listener?.lost();
  }
}

/** Two nodes over one inbox, which do not hear each other. */
async function start() {
  const clock = new FakeClock();
  const broker = new MemoryBroker();
  const inbox = new ForgetfulInbox(() => new MemoryInbox({ clock, broker }));
  const make = async (nodeId: string) => {
    const cluster = new LosableCluster({ nodeId, instanceId: `${nodeId}.1`, startedAt: 0 });
    return { cluster, test: await TestHub.start({ options: { nodeId }, dependencies: { cluster, inbox } }) };
  };
  const [here, there] = [await make('here'), await make('there')];
  return {
    ...{ inbox, here, there },
    keep: (data: string) => here.test.hub.sendToUser('ann', { event: 'news', data }, { durable: true }),
    [Symbol.asyncDispose]: async () => {
      await here.test[Symbol.asyncDispose]();
      await there.test[Symbol.asyncDispose]();
    },
  };
}

const phone: TestClientOptions = { userId: 'ann', deviceId: 'phone' };
const tablet: TestClientOptions = { userId: 'ann', deviceId: 'tablet' };
const heardBy = ({ messages }: TestClient) => messages.map(({ data }) => data);
const acknowledgeAll = (client: TestClient) => client.send({ type: 'ack', ids: client.messages.map(({ id }) => id) });

describe('a message that another device acknowledges at once', () => {
  it('waits for a new device that has been welcomed and has not said yet what it has', async () => {
    await using parts = await start();
    const { here, keep } = parts;
    const first = await here.test.connect(phone);
    const second = await here.test.connect({ ...tablet, protocols: ['wsc.v1.json', 'resume.v1'] });
    await keep('a');
    await here.test.settle();
    expect(heardBy(first)).toEqual(['a']);
    await acknowledgeAll(first);
    await ask(second, 'resume', { session: '' });
    expect(heardBy(second)).toEqual(['a']);
  });

  it('waits for each device that is there, once their nodes have seen that the store has lost its data', async () => {
    await using parts = await start();
    const { here, there, inbox, keep } = parts;
    const [first, second] = [await here.test.connect(phone), await there.test.connect(tablet)];
    inbox.forget();
    for (const { cluster } of [here, there]) cluster.lose();
    await there.test.settle();
    await keep('a');
    await here.test.settle();
    expect(heardBy(first)).toEqual(['a']);
    await acknowledgeAll(first);
    // Its node has heard nothing of it, and finds it when it looks next.
    await there.test.clock.advance(40_000);
    expect(new Set(heardBy(second))).toEqual(new Set(['a']));
  });
});

describe('a message for connections that name no device', () => {
  const unnamed: TestClientOptions = { userId: 'ann' };
  const stock: TestClientOptions = { userId: 'ann', protocols: [] };

  async function startOne(dependencies: Partial<HubDependencies> = {}) {
    const test = await TestHub.start({ dependencies });
    const keep = (data: string) => test.hub.sendToUser('ann', { event: 'news', data }, { durable: true });
    const keepForPhone = async (client: TestClient, data: string) => {
      await keep(data);
      await test.settle();
      await acknowledgeAll(client);
    };
    const sizeOf = async () => (await test.hub.inboxes.size('ann')).messages;
    return { test, keep, keepForPhone, sizeOf, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
  }

  it('waits for one that is away, whether it comes back with the id that the server made or without', async () => {
    await using parts = await startOne();
    const { test, keepForPhone, sizeOf } = parts;
    const client = await test.connect(phone);
    let last = await test.connect(unnamed);
    for (const [data, next] of [
      ['a', { ...unnamed, deviceId: last.connection.deviceId }],
      ['b', unnamed],
    ] as const) {
      await last.disconnect();
      await keepForPhone(client, data);
      last = await test.connect(next);
      expect(heardBy(last)).toEqual([data]);
      await acknowledgeAll(last);
    }
    expect(await sizeOf()).toBe(0);
  });

  it('waits no longer than five minutes after the last of them was there', async () => {
    await using parts = await startOne();
    const { test, keepForPhone, sizeOf } = parts;
    const client = await test.connect(phone);
    const tab = await test.connect(unnamed);
    for (let minute = 0; minute < 10; minute += 1) {
      await test.clock.advance(60_000);
      for (const { connection } of [client, tab]) connection.touch();
    }
    await keepForPhone(client, 'a');
    await tab.disconnect();
    expect(await sizeOf()).toBe(1);
    await test.clock.advance(300_000);
    expect(await sizeOf()).toBe(0);
  });

  it('waits while one of them has its window full, though another device has acknowledged all', async () => {
    await using parts = await startOne();
    const { test, keepForPhone } = parts;
    const [client, tab] = [await test.connect(phone), await test.connect(unnamed)];
    for (let index = 0; index < 40; index += 1) await keepForPhone(client, String(index));
    expect(tab.messages).toHaveLength(32);
    await acknowledgeAll(tab);
    expect(new Set(heardBy(tab)).size).toBe(40);
  });

  it('comes at once to one that can not acknowledge, and waits for none of those', async () => {
    const broker = new MemoryBroker();
    const inbox = new ForgetfulInbox(() => new MemoryInbox({ clock: new FakeClock(), broker }));
    await using parts = await startOne({ broker, inbox });
    const { test, keepForPhone, sizeOf } = parts;
    const client = await test.connect(phone);
    const old = await test.connect(stock);
    const { unacknowledged } = inbox;
    const reading = withResolver<undefined>();
    inbox.unacknowledged = async (...args) => {
      await reading.promise;
      return unacknowledged(...args);
    };
    await keepForPhone(client, 'a');
    reading.resolve(undefined);
    await test.settle();
    expect(heardBy(old)).toEqual(['a']);
    await old.disconnect();
    await keepForPhone(client, 'b');
    expect(await sizeOf()).toBe(0);
  });

  it('waits for one that could not acknowledge, once it has shown that it can', async () => {
    await using parts = await startOne();
    const { test, keepForPhone } = parts;
    const [client, old] = [await test.connect(phone), await test.connect(stock)];
    await old.request('nothing');
    await keepForPhone(client, 'a');
    await old.disconnect();
    expect(heardBy(await test.connect(unnamed))).toEqual(['a']);
  });
});
