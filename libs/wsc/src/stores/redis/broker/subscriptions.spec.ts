import { FakeClock } from '../../../testing/fake-clock.js';
import type { RedisSubscriber } from '../pubsub/redis-subscriber.js';
import { Subscriptions } from './subscriptions.js';

/** Confirms at once, or as `answer` says. */
class RecordingSubscriber implements RedisSubscriber {
  readonly isWhole = true;
  readonly gaps = 0;
  readonly subscribed = new Set<string>();
  answer: Promise<void> | undefined;

  subscribe(channel: string): Promise<void> | void {
    this.subscribed.add(channel);
    return this.answer;
  }

  unsubscribe(channel: string): void {
    this.subscribed.delete(channel);
  }

  isSubscribed(channel: string): boolean {
    return this.answer === undefined && this.subscribed.has(channel);
  }

  async close(): Promise<void> {}
}

function setUp() {
  const clock = new FakeClock();
  const subscriber = new RecordingSubscriber();
  const subscriptions = new Subscriptions(clock);
  const add = (key: string) => subscriptions.add(key, () => [{ subscriber, channel: key, listener: () => undefined }]);
  return { clock, subscriber, subscriptions, add };
}

describe('what is subscribed', () => {
  it('stays so for ten seconds after nobody needs it, and then goes', async () => {
    const { clock, subscriber, subscriptions, add } = setUp();
    await add('a');
    subscriptions.remove('a');
    expect(subscriptions.has('a')).toBe(false);
    await clock.advance(9_900);
    expect([...subscriber.subscribed]).toEqual(['a']);
    await clock.advance(1_200);
    expect([...subscriber.subscribed]).toEqual([]);
  });

  it('goes on without a word to Redis where it is needed again by then', async () => {
    const { clock, subscriber, subscriptions, add } = setUp();
    await add('a');
    subscriptions.remove('a');
    await clock.advance(5_000);
    expect(add('a')).toBeUndefined();
    await clock.advance(60_000);
    expect([...subscriber.subscribed]).toEqual(['a']);
    expect(subscriptions.has('a')).toBe(true);
  });

  it('lingers a thousand times at most: over it the oldest go at once', async () => {
    const { subscriber, subscriptions, add } = setUp();
    for (let index = 0; index < 1_002; index += 1) await add(String(index));
    for (let index = 0; index < 1_002; index += 1) subscriptions.remove(String(index));
    expect(subscriber.subscribed.size).toBe(1_000);
    expect(subscriber.subscribed.has('1')).toBe(false);
    expect(subscriber.subscribed.has('2')).toBe(true);
  });

  it('does not count where Redis has refused, but for those who had it before', async () => {
    const { subscriber, subscriptions, add } = setUp();
    await add('a');
    subscriber.answer = Promise.reject(new Error('not there'));
    await expect(add('a')).rejects.toThrow('not there');
    await expect(add('b')).rejects.toThrow('not there');
    expect([subscriptions.has('a'), subscriptions.has('b')]).toEqual([true, false]);
    expect([...subscriber.subscribed]).toEqual(['a']);
  });

  it('is gone when it is closed, with its timer', async () => {
    const { clock, subscriber, subscriptions, add } = setUp();
    await add('a');
    await add('b');
    subscriptions.remove('b');
    subscriptions.close();
    expect(subscriber.subscribed.size).toBe(0);
    expect(clock.timerCount).toBe(0);
  });
});
