import assert from 'node:assert/strict';
import type { Audience, Broker, BrokerMessage, DeliveryCount, Destination } from '../../core/ports/broker.js';
import { describePort, type Nodes, type OpenNodes, type PortPromises } from './runner.js';
import { testMessage } from './test-message.js';

const everyone: Destination = { kind: 'everyone' };
const room: Destination = { kind: 'room', room: 'chat:1' };
const user: Destination = { kind: 'user', userId: 'auth0|ann@example.com' };

const audience: Audience = {
  userTypes: ['agent'],
  rooms: ['chat:1'],
  metadata: { plan: 'pro', seats: 3, trial: false },
};

/** Declares what every {@link Broker} promises. `open` makes brokers that were not started. */
export function describeBroker(name: string, open: OpenNodes<Broker>): void {
  describePort(`the ${name} broker`, open, promises);
}

const promises: PortPromises<Broker> = {
  'carries a message to who subscribed to its user or room, as it is': async (nodes) => {
    const { heard } = await start(nodes);
    for (const destination of [user, room]) await nodes.there.subscribe(destination);
    const sent = [
      { destination: user, message: testMessage('1') },
      { destination: room, message: { ...testMessage('2'), from: 'bob', fromName: 'Bob', room: 'chat:1' } },
      { destination: room, message: testMessage('3', undefined), exceptConnectionId: 'c1' },
      { destination: user, message: { ...testMessage('4', null), ack: { attempt: 2 } }, ackTo: 'node-1.0a1b2c3d' },
      { destination: room, message: { ...testMessage('5', 'x'), to: 'ann', priority: 'high', key: 'a key' } },
      { destination: { kind: 'everyone', audience }, message: testMessage('6') },
    ] satisfies readonly BrokerMessage[];
    for (const message of sent) await nodes.here.publish(message);
    await heard.until(sent.length);
    // Between destinations there is no order.
    const inOrder = heard.messages.toSorted((one, other) => one.message.id.localeCompare(other.message.id));
    assert.deepEqual(JSON.parse(JSON.stringify(inOrder)), JSON.parse(JSON.stringify(sent)));
  },

  'carries a message to everyone without a subscription': async (nodes) => {
    const { heard } = await start(nodes);
    await nodes.here.publish({ destination: everyone, message: testMessage('1') });
    await heard.until(1);
    assert.deepEqual(heard.ids, ['1']);
  },

  'keeps the order of one publisher to one destination': async (nodes) => {
    const { heard } = await start(nodes);
    await nodes.there.subscribe(room);
    const ids = Array.from({ length: 200 }, (_, index) => String(index));
    await Promise.all(ids.map(async (id) => nodes.here.publish({ destination: room, message: testMessage(id) })));
    await heard.until(ids.length);
    assert.deepEqual(heard.ids, ids);
  },

  'lets the publishing node hear its own, and answers what that counted': async (nodes) => {
    const { heard, own } = await start(nodes, { queued: 3, dropped: 1 });
    await nodes.here.subscribe(room);
    const count = await nodes.here.publish({ destination: room, message: testMessage('1') });
    assert.deepEqual(count, { queued: 3, dropped: 1 });
    await (own ?? heard).until(1);
  },

  "lets the publishing node hear its own in the publisher's turn": async (nodes) => {
    const { heard, own } = await start(nodes);
    await nodes.here.subscribe(room);
    const published = nodes.here.publish({ destination: room, message: testMessage('1') });
    assert.deepEqual((own ?? heard).ids, ['1']);
    await published;
  },

  'answers that it was queued for nobody where nobody here subscribed': async (nodes) => {
    await start(nodes, { queued: 3, dropped: 1 });
    const count = await nodes.here.publish({ destination: room, message: testMessage('1') });
    assert.deepEqual(count, { queued: 0, dropped: 0 });
  },

  'answers how many other nodes it was handed to, whether this one listens or not': async (nodes) => {
    await start(nodes);
    const publish = async (id: string) => nodes.here.publish({ destination: room, message: testMessage(id) });
    const others = nodes.here === nodes.there ? undefined : 1;
    assert.equal((await publish('1')).otherNodes, undefined);
    await nodes.there.subscribe(room);
    assert.equal((await publish('2')).otherNodes, others);
    await nodes.here.subscribe(room);
    assert.equal((await publish('3')).otherNodes, others);
  },

  'answers, and hands nothing on, where the data can not be written': async (nodes) => {
    const { heard } = await start(nodes);
    await nodes.there.subscribe(room);
    if (nodes.here === nodes.there) return;
    const count = await nodes.here.publish({ destination: room, message: testMessage('1', 1n) });
    assert.equal(count.error?.error, 'WSC_INTERNAL');
    await nodes.here.publish({ destination: room, message: testMessage('2') });
    await heard.until(1);
    assert.deepEqual(heard.ids, ['2']);
  },

  'tells a user from a room, and both from others of their kind': async (nodes) => {
    const { heard } = await start(nodes);
    await nodes.there.subscribe({ kind: 'user', userId: 'x' });
    await nodes.here.publish({ destination: { kind: 'room', room: 'x' }, message: testMessage('room') });
    await nodes.here.publish({ destination: { kind: 'user', userId: 'y' }, message: testMessage('other') });
    await nodes.here.publish({ destination: { kind: 'user', userId: 'x' }, message: testMessage('user') });
    await heard.until(1);
    assert.deepEqual(heard.ids, ['user']);
  },

  'counts subscriptions: a message is heard once, until each of them is ended': async (nodes) => {
    const { heard } = await start(nodes);
    const publish = async (destination: Destination, id: string) =>
      nodes.here.publish({ destination, message: testMessage(id) });
    await nodes.there.subscribe(room);
    await nodes.there.subscribe(room);
    await publish(room, 'both');
    await nodes.there.unsubscribe(room);
    await publish(room, 'one');
    await heard.until(2);
    await nodes.there.unsubscribe(room);
    await publish(room, 'none');
    await publish(everyone, 'end');
    await heard.until(3);
    assert.deepEqual(heard.ids, ['both', 'one', 'end']);
  },

  'takes more unsubscribes than subscribes, and names that are special elsewhere': async (nodes) => {
    const { heard } = await start(nodes);
    const special = ['__proto__', 'constructor', '*', 'a{b}c'].map((userId) => ({ kind: 'user', userId }) as const);
    for (const destination of special) {
      await nodes.there.unsubscribe(destination);
      await nodes.there.subscribe(destination);
      await nodes.here.publish({ destination, message: testMessage(destination.userId) });
    }
    await heard.until(special.length);
    assert.deepEqual(new Set(heard.ids), new Set(special.map(({ userId }) => userId)));
  },

  'refuses to publish once it is closed': async (nodes) => {
    await start(nodes);
    await nodes.here.close();
    const publish = async () => nodes.here.publish({ destination: everyone, message: testMessage('1') });
    await assert.rejects(publish, { error: 'WSC_UNAVAILABLE' });
  },
};

/** Starts the nodes. `heard` is what the other end hears, `own` what the publishing one does where that is another. */
async function start(
  { here, there }: Nodes<Broker>,
  answer: DeliveryCount = { queued: 0, dropped: 0 },
): Promise<{ readonly heard: Heard; readonly own: Heard | undefined }> {
  const heard = new Heard(answer);
  await there.start(heard.listen);
  if (here === there) return { heard, own: undefined };
  const own = new Heard(answer);
  await here.start(own.listen);
  return { heard, own };
}

/** What a listener has heard. */
class Heard {
  readonly messages: BrokerMessage[] = [];
  readonly #answer: DeliveryCount;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(answer: DeliveryCount) {
    this.#answer = answer;
  }

  get ids(): readonly string[] {
    return this.messages.map(({ message }) => message.id);
  }

  readonly listen = (message: BrokerMessage): DeliveryCount => {
    this.messages.push(message);
    if (this.#waiting && this.messages.length >= this.#waiting.count) this.#waiting.resolve();
    return this.#answer;
  };

  /** Waits until so many messages were heard. */
  async until(count: number): Promise<void> {
    if (this.messages.length >= count) return;
    await new Promise<void>((resolve) => (this.#waiting = { count, resolve }));
  }
}
