import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WscError } from '@nest-wsc/protocol';
import { TestHub } from '../../testing/test-hub.js';
import { answersTo } from '../hub.fixture.js';
import { withResolver } from '../async/with-resolver.js';

const request = (event: string, more: Readonly<Record<string, unknown>> = {}) => ({
  type: 'request',
  event,
  request_id: 'r',
  ...more,
});

/** An Observable as far as anybody may rely on one. */
class Source {
  readonly observers: { next(value: unknown): void; error(error: unknown): void; complete(): void }[] = [];
  unsubscribed = 0;
  onSubscribe: (() => void) | undefined;
  onUnsubscribe: (() => void) | undefined;

  subscribe(observer: Source['observers'][number]) {
    this.observers.push(observer);
    this.onSubscribe?.();
    return {
      unsubscribe: () => {
        this.unsubscribed += 1;
        this.onUnsubscribe?.();
      },
    };
  }
}

describe('a stream of answers', () => {
  it('gives each value with more, then one final answer', async () => {
    await using test = await TestHub.start();
    const source = new Source();
    test.hub.handle('observable', () => source);
    test.hub.handle('generator', async function* () {
      yield 1;
      yield 2;
    });
    const client = await test.connect();
    await client.send(request('generator'));
    expect(answersTo(client, 'r')).toEqual(['…1', '…2', null]);
    await client.send(request('observable', { request_id: 's' }));
    const [observer] = source.observers;
    observer?.next('a');
    observer?.complete();
    observer?.next('late');
    observer?.error(new Error('late'));
    await test.settle();
    expect([answersTo(client, 's'), test.hub.stats().runningHandlers]).toEqual([['…a', null], 0]);
    await client.send({ event: 'generator' });
    expect(Buffer.concat(client.link.writes).toString()).toMatch(/\n1\n2\n$/);
  });

  it.each<[string, (source: Source) => void, unknown[]]>([
    ['fails', (source) => source.observers[0]?.error(new WscError('WSC_CONFLICT')), ['…1', 'WSC_CONFLICT']],
    ['fails with anything', (source) => source.observers[0]?.error('boom'), ['…1', 'WSC_INTERNAL']],
    ['has a value that can not be written', (source) => source.observers[0]?.next(1n), ['…1', 'WSC_INTERNAL']],
    [
      'has too many',
      (source) => [2, 3, 4].forEach((value) => source.observers[0]?.next(value)),
      ['…1', '…2', '…3', 'WSC_LIMIT_EXCEEDED'],
    ],
  ])('ends with an error, unsubscribed, when it %s', async (_, act, answers) => {
    await using test = await TestHub.start({ limits: { maxAnswersPerRequest: 3 } });
    const source = new Source();
    test.hub.handle('x', () => source);
    const client = await test.connect();
    await client.send(request('x'));
    source.observers[0]?.next(1);
    act(source);
    source.observers[0]?.next('late');
    await test.settle();
    expect([answersTo(client, 'r'), source.unsubscribed, test.hub.stats().runningHandlers]).toEqual([answers, 1, 0]);
  });

  it.each<[string, (source: Source) => void, unknown[]]>([
    [
      'fails while it is subscribed to',
      (source) => source.observers[0]?.error(new WscError('WSC_FORBIDDEN')),
      ['WSC_FORBIDDEN'],
    ],
    [
      'throws while it is subscribed to',
      () => {
        throw new WscError('WSC_FORBIDDEN');
      },
      ['WSC_FORBIDDEN'],
    ],
    ['is complete at once', (source) => source.observers[0]?.complete(), [null]],
  ])('is answered once when it %s', async (when, onSubscribe, answers) => {
    await using test = await TestHub.start();
    const source = new Source();
    source.onSubscribe = () => onSubscribe(source);
    test.hub.handle('x', () => source);
    const client = await test.connect();
    await client.send(request('x'));
    expect([answersTo(client, 'r'), test.hub.stats().runningHandlers]).toEqual([answers, 0]);
    // Where there is a subscription, it ends.
    expect(source.unsubscribed).toBe(when.startsWith('throws') ? 0 : 1);
  });

  it('ends with the connection: unsubscribed, or its generator returned', async () => {
    await using test = await TestHub.start();
    const source = new Source();
    let isReturned = false;
    test.hub.handle('observable', () => source);
    test.hub.handle('generator', async function* () {
      try {
        for (;;) yield await new Promise<number>((resolve) => test.clock.after(10, () => resolve(1)));
      } finally {
        isReturned = true;
      }
    });
    const client = await test.connect();
    await client.send(request('observable'));
    await client.send(request('generator'));
    await test.clock.advance(25);
    await client.disconnect();
    await test.clock.advance(10);
    expect([source.unsubscribed, isReturned, test.hub.stats().runningHandlers]).toEqual([1, true, 0]);
  });

  it('keeps none of the values that it has given', async () => {
    setFlagsFromString('--expose-gc');
    await using test = await TestHub.start();
    const given: WeakRef<object>[] = [];
    test.hub.handle('x', async function* () {
      for (let index = 0; index < 50; index += 1) {
        const value = { index };
        given.push(new WeakRef(value));
        yield value;
      }
      await new Promise(() => undefined);
    });
    const client = await test.connect();
    await client.send(request('x'));
    expect([given.length, client.received.length]).toEqual([50, 51]);
    const keptCount = () => given.filter((value) => value.deref() !== undefined).length;
    // No single collection is promised to take all garbage, and what a WeakRef has given out stays until the turn ends.
    for (let turn = 0; turn < 100 && keptCount() >= 5; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      runInNewContext('gc()');
    }
    expect(keptCount()).toBeLessThan(5);
  });

  it('does not begin when the client has gone before its handler had it', async () => {
    await using test = await TestHub.start();
    const late = withResolver<unknown>();
    const source = new Source();
    let isStarted = false;
    test.hub.handle('x', () => late.promise);
    const handle = async (result: unknown) => {
      const client = await test.connect();
      await client.send(request('x'));
      await client.disconnect();
      late.resolve(result);
      await test.settle();
    };
    await handle(source);
    expect([source.observers.length, test.hub.stats().runningHandlers]).toEqual([0, 0]);
    test.hub.handle('y', async () => {
      await late.promise;
      return (async function* () {
        isStarted = true;
        for (;;) yield await Promise.resolve(1);
      })();
    });
    const client = await test.connect();
    client.connection.receive(JSON.stringify(request('y')));
    await client.disconnect();
    expect([isStarted, test.hub.stats().runningHandlers]).toEqual([false, 0]);
  });

  it('ends nothing else when its teardown throws', async () => {
    await using test = await TestHub.start();
    const [cut, whole] = [new Source(), new Source()];
    for (const source of [cut, whole])
      source.onUnsubscribe = () => {
        throw new Error('teardown');
      };
    test.hub.handle('cut', () => cut);
    test.hub.handle('whole', () => whole);
    const [first, second] = [await test.connect(), await test.connect()];
    await first.send(request('cut'));
    await second.send(request('whole'));
    await first.disconnect();
    expect(() => whole.observers[0]?.complete()).not.toThrow();
    await test.settle();
    expect([answersTo(second, 'r'), test.hub.stats().runningHandlers]).toEqual([['WSC_INTERNAL'], 0]);
  });
});
