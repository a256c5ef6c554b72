import { FakeClock } from './fake-clock.js';
import { MemoryLogger } from './memory-logger.js';

describe('the fake clock', () => {
  it('fires timers in the order in which they fall due, each at its time', async () => {
    const clock = new FakeClock();
    const fired: string[] = [];
    clock.after(20, () => fired.push(`after ${clock.monotonic()}`));
    const every = clock.every(15, () => fired.push(`every ${clock.monotonic()}`));
    await clock.advance(30);
    every.cancel();
    await clock.advance(100);
    expect(fired).toEqual(['every 15', 'after 20', 'every 30']);
    expect([clock.monotonic(), clock.timerCount]).toEqual([130, 0]);
  });

  it('lets promises and next turns do what they make of it before the next timer', async () => {
    const clock = new FakeClock();
    const order: string[] = [];
    const work = async () => {
      await Promise.resolve();
      order.push('promise');
      clock.nextTurn(() => order.push('turn'));
      clock.after(1, () => order.push(`timer at ${clock.monotonic()}`));
    };
    clock.after(1, () => void work());
    clock.after(10, () => order.push('last'));
    await clock.advance(10);
    expect(order).toEqual(['promise', 'turn', 'timer at 2', 'last']);
  });

  it('says so when callbacks ask for another turn for ever', async () => {
    const clock = new FakeClock();
    const again = () => clock.nextTurn(again);
    again();
    await expect(clock.advance(0)).rejects.toThrow('another turn');
  });

  it('keeps wall clock and durations apart', async () => {
    const clock = new FakeClock({ now: 1000 });
    await clock.advance(5);
    clock.jump(-500);
    expect([clock.now(), clock.monotonic()]).toEqual([505, 5]);
  });

  it('fires a repeating timer once after a stall, late', async () => {
    const clock = new FakeClock();
    const fired: number[] = [];
    clock.every(10, () => fired.push(clock.monotonic()));
    clock.stall(35);
    await clock.advance(10);
    expect(fired).toEqual([35, 45]);
  });
});

describe('the memory logger', () => {
  it('keeps what is logged, by level', () => {
    const logger = new MemoryLogger();
    logger.info('started', { port: 1 });
    logger.warn('careful');
    logger.error('bad');
    logger.debug('detail');
    expect(logger.lines[0]).toEqual({ level: 'info', message: 'started', context: { port: 1 } });
    expect(logger.messages('warn')).toEqual(['careful']);
  });

  it('keeps the last 10,000 lines', () => {
    const logger = new MemoryLogger();
    for (let index = 0; index < 10_005; index += 1) logger.debug(String(index));
    expect(logger.lines).toHaveLength(10_000);
    expect(logger.lines[0]?.message).toBe('5');
  });
});
