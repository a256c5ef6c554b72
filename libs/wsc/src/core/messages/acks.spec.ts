import { WscError } from '@nest-wsc/protocol';
import { FakeClock } from '../../testing/fake-clock.js';
import { sendWithAck, type AckOutcome, type AckSendOptions } from './acked-send.js';
import { AckTable } from './ack-table.js';
import { ForeignAcks } from './foreign-acks.js';
import type { SendResult } from './message.js';

const phone = { userId: 'ann', deviceId: 'phone', connectionId: 'c1' };

describe('the ack table', () => {
  function setUp() {
    const clock = new FakeClock();
    const foreignAcks = new ForeignAcks({ clock, tell: () => undefined });
    const acks = new AckTable({ clock, foreignAcks, maxPending: 2 });
    const expectAck = (messageId: string, userId = 'ann') => acks.expect({ messageId, userId, timeoutMs: 1000 });
    return { clock, acks, expectAck };
  }

  it('tells who acknowledged first', async () => {
    const { acks, expectAck, clock } = setUp();
    const { settled } = expectAck('m');
    expect(acks.settle(phone, ['m'])).toEqual([]);
    expect(acks.settle({ ...phone, deviceId: 'tablet' }, ['m'])).toEqual(['m']);
    await expect(settled).resolves.toEqual({ deviceId: 'phone', connectionId: 'c1' });
    expect([acks.size, clock.timerCount]).toEqual([0, 0]);
  });

  it('counts only the addressed user, and says how many ids were of no use', async () => {
    const { acks, expectAck } = setUp();
    expectAck('m');
    expect(acks.settle({ ...phone, userId: 'eve' }, ['m', 'other'])).toEqual(['m', 'other']);
    expect(acks.settle({ ...phone, userId: undefined }, ['m'])).toEqual(['m']);
    expect(acks.size).toBe(1);
  });

  it('ends a wait at its time, or when it is cancelled', async () => {
    const { acks, expectAck, clock } = setUp();
    const [late, cancelled] = [expectAck('late'), expectAck('cancelled')];
    cancelled.cancel();
    cancelled.cancel();
    await expect(cancelled.settled).resolves.toBeUndefined();
    await clock.advance(1000);
    await expect(late.settled).resolves.toBeUndefined();
    expect([acks.size, clock.timerCount]).toEqual([0, 0]);
  });

  it('does not let an ended wait end a new one for the same message', () => {
    const { acks, expectAck } = setUp();
    const first = expectAck('m');
    acks.settle(phone, ['m']);
    expectAck('m');
    first.cancel();
    expect(acks.size).toBe(1);
  });

  it('takes the same id for different users, but not twice for one', () => {
    const { expectAck } = setUp();
    expectAck('m', 'ann');
    expectAck('m', 'bob');
    expect(() => expectAck('m', 'ann')).toThrow(expect.objectContaining({ error: 'WSC_CONFLICT' }));
    expect(() => expectAck('n')).toThrow(expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED' }));
  });

  it('ends all waits when it is closed, also those to come', async () => {
    const { acks, expectAck, clock } = setUp();
    const waiting = expectAck('m');
    acks.close();
    await expect(waiting.settled).resolves.toBeUndefined();
    await expect(expectAck('n').settled).resolves.toBeUndefined();
    expect(clock.timerCount).toBe(0);
  });
});

describe('an acked send', () => {
  function setUp() {
    const clock = new FakeClock();
    const foreignAcks = new ForeignAcks({ clock, tell: () => undefined });
    const acks = new AckTable({ clock, foreignAcks });
    /** What each attempt does, the last for all further ones. */
    const send = (
      options: AckSendOptions | undefined,
      ...attempts: (() => Partial<SendResult> | Promise<Partial<SendResult>>)[]
    ) => {
      const sentAt: number[] = [];
      const attempt = async () => {
        sentAt.push(clock.monotonic());
        const answer = await (attempts[sentAt.length - 1] ?? attempts.at(-1))?.();
        return { id: 'm', queued: 0, dropped: 0, ...answer };
      };
      let outcome: AckOutcome | undefined;
      const done = sendWithAck({ clock, acks, attempt }, { id: 'm', userId: 'ann' }, options).then(
        (value) => (outcome = value),
      );
      return { sentAt, done, outcome: () => outcome };
    };
    const acknowledge = () => acks.settle(phone, ['m']);
    return { clock, acks, send, acknowledge };
  }
  const queued = () => ({ queued: 1 });
  const nobody = () => ({ queued: 0 });

  it('is acked by the device that answers, with attempts and time', async () => {
    const { clock, send, acknowledge } = setUp();
    const { done } = send({ timeoutMs: 1000, retries: 3 }, queued);
    await clock.advance(1500);
    acknowledge();
    await expect(done).resolves.toEqual({ status: 'acked', id: 'm', deviceId: 'phone', attempts: 2, elapsedMs: 1500 });
    expect(clock.timerCount).toBe(0);
  });

  it('takes an acknowledgement that comes before its own attempt has answered', async () => {
    const { send, acknowledge } = setUp();
    const { done } = send(undefined, () => {
      acknowledge();
      return new Promise(() => undefined);
    });
    await expect(done).resolves.toMatchObject({ status: 'acked', attempts: 1 });
  });

  it('is unknown when it was handed over and nobody answers', async () => {
    const { clock, send } = setUp();
    const { sentAt, outcome } = send({ timeoutMs: 1000, retries: 2 }, queued, nobody);
    await clock.advance(2999);
    expect(outcome()).toBeUndefined();
    await clock.advance(1);
    expect(outcome()).toMatchObject({
      status: 'unknown',
      attempts: 3,
      elapsedMs: 3000,
      reason: 'Nobody acknowledged it in time.',
    });
    expect(sentAt).toEqual([0, 1000, 2000]);
  });

  it('fails at once when there is nobody to send to and no attempt left', async () => {
    const { send } = setUp();
    const { done } = send(undefined, nobody);
    await expect(done).resolves.toMatchObject({
      status: 'failed',
      attempts: 1,
      elapsedMs: 0,
      reason: 'The user is not connected.',
    });
  });

  it('says when no connection could take it', async () => {
    const { send } = setUp();
    const { done } = send(undefined, () => ({ dropped: 2 }));
    await expect(done).resolves.toMatchObject({ status: 'failed', reason: 'No connection of the user could take it.' });
  });

  it('tries again with nobody to send to, since the device may come back', async () => {
    const { clock, send, acknowledge } = setUp();
    const { done } = send({ timeoutMs: 1000, retries: 1 }, nobody, queued);
    await clock.advance(1200);
    acknowledge();
    await expect(done).resolves.toMatchObject({ status: 'acked', attempts: 2, elapsedMs: 1200 });
  });

  it('tries again after a temporary error, and fails with it in the end', async () => {
    const { clock, send } = setUp();
    const unavailable = () => Promise.reject(new WscError('WSC_UNAVAILABLE', { message: 'Not now.' }));
    const { outcome } = send({ timeoutMs: 1000, retries: 1 }, unavailable);
    await clock.advance(1000);
    expect(outcome()).toMatchObject({ status: 'failed', attempts: 2, reason: 'Not now.' });
  });

  it.each([
    ['times out', () => Promise.reject(new WscError('WSC_TIMEOUT'))],
    ['does not answer', () => new Promise<never>(() => undefined)],
  ])('is unknown when an attempt %s: it may have gone out', async (_what, attempt) => {
    const { clock, send } = setUp();
    const { outcome } = send({ timeoutMs: 1000 }, attempt);
    await clock.advance(1000);
    expect(outcome()).toMatchObject({ status: 'unknown' });
  });

  it('is refused by any other error, and leaves nothing behind', async () => {
    const { clock, acks, send } = setUp();
    const error = new WscError('WSC_FORBIDDEN');
    await expect(send({ retries: 3 }, () => Promise.reject(error)).done).rejects.toBe(error);
    expect([acks.size, clock.timerCount]).toEqual([0, 0]);
  });

  it.each([
    [{ timeoutMs: 0 }, 'Expected `timeoutMs` to be an integer from 1 to 600000, got 0'],
    [{ timeoutMs: Infinity }, 'got Infinity'],
    [{ retries: 11 }, 'Expected `retries` to be an integer from 0 to 10, got 11'],
    [{ retries: -1 }, 'got -1'],
    [{ retries: 1.5 }, 'got 1.5'],
  ])('refuses the options %p', async (options, text) => {
    const { send } = setUp();
    const { done, sentAt } = send(options, queued);
    await expect(done).rejects.toThrow(text);
    expect(sentAt).toEqual([]);
  });
});
