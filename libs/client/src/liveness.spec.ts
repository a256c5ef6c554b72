import { Liveness } from './liveness.js';
import { FakeScheduler } from './testing/fake-scheduler.js';

function createLiveness(intervalMs = 30_000) {
  const scheduler = new FakeScheduler();
  const counts = { pings: 0, deaths: 0 };
  const liveness = new Liveness({
    scheduler,
    intervalMs,
    timeoutMs: 10_000,
    sendPing: () => (counts.pings += 1),
    onDead: () => (counts.deaths += 1),
  });
  return { scheduler, counts, liveness };
}

describe('liveness', () => {
  it('asks after a quiet interval and gives up when the answer is late, once', () => {
    const { scheduler, counts } = createLiveness();
    scheduler.advance(30_000);
    expect(counts).toEqual({ pings: 1, deaths: 0 });
    scheduler.advance(10_000);
    expect(counts).toEqual({ pings: 1, deaths: 1 });
    scheduler.advance(1_000_000);
    expect(counts).toEqual({ pings: 1, deaths: 1 });
  });

  it('does not ask while things arrive', () => {
    const { scheduler, counts, liveness } = createLiveness();
    for (let minute = 0; minute < 10; minute += 1) {
      liveness.heard();
      scheduler.advance(30_000);
    }
    expect(counts.pings).toBe(0);
  });

  it('takes anything for an answer, and asks again after the next quiet interval', () => {
    const { scheduler, counts, liveness } = createLiveness();
    scheduler.advance(30_000);
    liveness.heard();
    scheduler.advance(10_000);
    expect(counts.deaths).toBe(0);
    scheduler.advance(30_000);
    expect(counts.pings).toBe(2);
  });

  it('runs no timer while paused, and asks at once when it goes on', () => {
    const { scheduler, counts, liveness } = createLiveness();
    liveness.pause();
    expect(scheduler.pendingMs).toEqual([]);
    liveness.resume();
    expect(counts.pings).toBe(1);
    scheduler.advance(10_000);
    expect(counts.deaths).toBe(1);
  });

  it('can be asked while paused, and stays paused', () => {
    const { scheduler, counts, liveness } = createLiveness();
    liveness.pause();
    liveness.checkNow();
    liveness.heard();
    scheduler.advance(10_000);
    expect(counts).toEqual({ pings: 1, deaths: 0 });
    expect(scheduler.pendingMs).toEqual([]);
  });

  it('asks once however often it is told to', () => {
    const { counts, liveness } = createLiveness();
    liveness.checkNow();
    liveness.checkNow();
    expect(counts.pings).toBe(1);
  });

  it('with an interval of 0 asks only when told to', () => {
    const { scheduler, counts, liveness } = createLiveness(0);
    scheduler.advance(1_000_000);
    expect(counts.pings).toBe(0);
    liveness.checkNow();
    scheduler.advance(10_000);
    expect(counts).toEqual({ pings: 1, deaths: 1 });
  });

  it('does nothing after its stop', () => {
    const { scheduler, counts, liveness } = createLiveness();
    liveness.stop();
    liveness.checkNow();
    liveness.resume();
    scheduler.advance(1_000_000);
    expect(counts).toEqual({ pings: 0, deaths: 0 });
  });
});
