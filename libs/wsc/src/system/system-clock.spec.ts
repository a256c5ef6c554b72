import { SystemClock } from './system-clock.js';

describe('the system clock', () => {
  const clock = new SystemClock();

  it('tells the time, and durations that never go back', () => {
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
    const before = clock.monotonic();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(before);
  });

  it('calls back once, and again and again', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      const every = clock.every(1, () => {
        order.push('every');
        if (order.length < 3) return;
        every.cancel();
        clock.after(1, () => {
          order.push('after');
          resolve();
        });
      });
    });
    expect(order).toEqual(['every', 'every', 'every', 'after']);
  });

  it('calls back in the next turn: after what was promised in this one', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      clock.nextTurn(() => {
        order.push('turn');
        resolve();
      });
      void Promise.resolve().then(() => order.push('promise'));
      order.push('now');
    });
    expect(order).toEqual(['now', 'promise', 'turn']);
  });

  it('calls nobody back after a cancel', async () => {
    const called = jest.fn();
    const timer = clock.after(1, called);
    timer.cancel();
    timer.cancel();
    await new Promise<void>((resolve) => clock.after(5, resolve));
    expect(called).not.toHaveBeenCalled();
  });

  describe('with longer delays than Node’s timers can hold', () => {
    const days = 86_400_000;
    beforeEach(() => jest.useFakeTimers());
    afterEach(() => jest.useRealTimers());

    it('calls back at their end', () => {
      const called = jest.fn();
      clock.after(60 * days, called);
      jest.advanceTimersByTime(60 * days - 1);
      expect(called).not.toHaveBeenCalled();
      jest.advanceTimersByTime(1);
      expect(called).toHaveBeenCalledTimes(1);
    });

    it('can be cancelled on the way', () => {
      const called = jest.fn();
      const timer = clock.after(60 * days, called);
      jest.advanceTimersByTime(30 * days);
      timer.cancel();
      jest.advanceTimersByTime(60 * days);
      expect(called).not.toHaveBeenCalled();
    });
  });
});
