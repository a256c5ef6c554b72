import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { MemoryCluster } from '../../stores/memory/memory-cluster.js';
import { MemoryInbox } from '../../stores/memory/memory-inbox.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TestHub, type TestClient, type TestClientOptions } from '../../testing/test-hub.js';
import type { ClusterListener } from '../ports/cluster.js';
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
