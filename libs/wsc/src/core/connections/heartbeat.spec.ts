import fc from 'fast-check';
import { FakeClock } from '../../testing/fake-clock.js';
import { Heartbeat } from './heartbeat.js';

interface Member {
  readonly name: string;
  lastSeenAt: number;
  visitTick: number | undefined;
  isInboundPaused: boolean;
}

function setUp(settings: { intervalMs: number; timeoutMs: number } = { intervalMs: 30_000, timeoutMs: 90_000 }) {
  const clock = new FakeClock();
  const happened: string[] = [];
  const note = (what: string) => (member: Member) =>
    happened.push(`${clock.monotonic() / 1000} ${what} ${member.name}`);
  const handlers = { ping: note('ping'), expire: note('expire') };
  const heartbeat = new Heartbeat<Member>({
    clock,
    intervalMs: () => settings.intervalMs,
    timeoutMs: () => settings.timeoutMs,
    ping: (member) => handlers.ping(member),
    expire: (member) => handlers.expire(member),
  });
  const add = (name: string): Member => {
    const member = { name, lastSeenAt: -1, visitTick: undefined, isInboundPaused: false };
    heartbeat.add(member);
    return member;
  };
  return { clock, heartbeat, happened, handlers, settings, add };
}

describe('the heartbeat', () => {
  it('pings a quiet member each interval and expires it at the time-out', async () => {
    const { clock, heartbeat, happened, add } = setUp();
    add('a');
    await clock.advance(29_000);
    expect(happened).toEqual([]);
    await clock.advance(100_000);
    expect(happened).toEqual(['30 ping a', '60 ping a', '90 expire a']);
    expect(heartbeat.size).toBe(0);
  });

  it('expires on time where the time-out is no multiple of the interval', async () => {
    const { clock, happened, add } = setUp({ intervalMs: 30_000, timeoutMs: 100_000 });
    add('a');
    await clock.advance(110_000);
    expect(happened).toEqual(['30 ping a', '60 ping a', '90 ping a', '100 expire a']);
  });

  it('takes a member for seen when it is added', async () => {
    const { clock, heartbeat, happened, add } = setUp();
    add('a');
    await clock.advance(20_000);
    expect(add('b').lastSeenAt).toBe(heartbeat.now);
    await clock.advance(35_000);
    expect(happened).toEqual(['30 ping a', '50 ping b']);
  });

  it('pings a member whose inbound is paused each interval, and expires it only when it is silent afterwards', async () => {
    const { clock, happened, add } = setUp();
    const member = add('a');
    await clock.advance(70_000);
    member.isInboundPaused = true;
    await clock.advance(80_000);
    expect(happened.splice(0)).toEqual(['30 ping a', '60 ping a', '90 ping a', '120 ping a', '150 ping a']);
    member.isInboundPaused = false;
    await clock.advance(90_000);
    expect(happened).toEqual(['180 ping a', '210 ping a', '240 expire a']);
  });

  it('leaves a member alone that is heard of', async () => {
    const { clock, heartbeat, happened, add } = setUp();
    const member = add('a');
    for (let second = 0; second < 300; second += 20) {
      await clock.advance(20_000);
      member.lastSeenAt = heartbeat.now;
    }
    expect(happened).toEqual([]);
  });

  it('counts from the last sign of life', async () => {
    const { clock, heartbeat, happened, add } = setUp();
    const member = add('a');
    await clock.advance(25_000);
    member.lastSeenAt = heartbeat.now;
    await clock.advance(95_000);
    expect(happened).toEqual(['55 ping a', '85 ping a', '115 expire a']);
  });

  it('forgets a member that is removed', async () => {
    const { clock, heartbeat, happened, add } = setUp();
    const member = add('a');
    heartbeat.remove(member);
    heartbeat.remove(member);
    await clock.advance(200_000);
    expect(happened).toEqual([]);
  });

  it('forgets a member for good, also one that it has pinged and that goes before new settings', async () => {
    const { clock, heartbeat, happened, settings, add } = setUp();
    const member = add('a');
    add('b');
    await clock.advance(30_000);
    heartbeat.remove(member);
    settings.intervalMs = 20_000;
    await clock.advance(25_000);
    expect(happened.map((what) => what.slice(-6))).toEqual(['ping a', 'ping b', 'ping b']);
  });

  it('watches a member once, however often it is added, and again after it was closed', async () => {
    const { clock, heartbeat, happened, add } = setUp();
    const member = add('a');
    heartbeat.add(member);
    expect(heartbeat.size).toBe(1);
    heartbeat.close();
    heartbeat.add(member);
    await clock.advance(30_000);
    expect(happened).toEqual(['30 ping a']);
  });

  it('has no timer while it has no members', async () => {
    const { clock, heartbeat, add } = setUp();
    expect(clock.timerCount).toBe(0);
    const member = add('a');
    add('b');
    expect(clock.timerCount).toBe(1);
    heartbeat.remove(member);
    await clock.advance(90_000);
    expect(clock.timerCount).toBe(0);
    add('c');
    heartbeat.close();
    expect(clock.timerCount).toBe(0);
    expect(heartbeat.size).toBe(0);
  });

  it('lets callbacks remove and add members', async () => {
    const { clock, heartbeat, happened, handlers, add } = setUp();
    const [a, b] = [add('a'), add('b')];
    const { ping } = handlers;
    handlers.ping = (member) => {
      heartbeat.remove(a);
      heartbeat.remove(b);
      if (member.name !== 'c') add('c');
      return ping(member);
    };
    await clock.advance(60_000);
    expect(happened).toEqual(['30 ping a', '60 ping c']);
    expect(heartbeat.size).toBe(1);
  });

  it('pings nobody and expires nobody at an interval of 0', async () => {
    const { clock, happened, add } = setUp({ intervalMs: 0, timeoutMs: 1000 });
    add('a');
    await clock.advance(600_000);
    expect(happened).toEqual([]);
  });

  it('only pings at a time-out of 0', async () => {
    const { clock, happened, add } = setUp({ intervalMs: 200_000, timeoutMs: 0 });
    add('a');
    await clock.advance(400_000);
    expect(happened).toEqual(['200 ping a', '400 ping a']);
  });

  it('expires where the time-out is shorter than the interval', async () => {
    const { clock, happened, add } = setUp({ intervalMs: 30_000, timeoutMs: 10_000 });
    add('a');
    await clock.advance(30_000);
    expect(happened.map((line) => line.slice(-8))).toEqual(['expire a']);
  });

  it('takes new settings while it runs, and expires nobody for them without a ping', async () => {
    const { clock, happened, settings, add } = setUp({ intervalMs: 0, timeoutMs: 0 });
    add('a');
    await clock.advance(1000_000);
    settings.intervalMs = 3_000;
    settings.timeoutMs = 9_000;
    await clock.advance(20_000);
    expect(happened.map((line) => line.split(' ').slice(1).join(' '))).toEqual(['ping a', 'ping a', 'expire a']);
  });

  it('expires nobody for the time in which the process stood still', async () => {
    const { clock, happened, add } = setUp();
    add('a');
    await clock.advance(10_000);
    clock.stall(600_000);
    await clock.advance(10_000);
    expect(happened).toEqual([]);
    await clock.advance(10_000);
    expect(happened.map((line) => line.slice(-6))).toEqual(['ping a']);
  });

  it('spreads the pings of thousands that came at the same time', async () => {
    const { clock, happened, add } = setUp();
    for (let index = 0; index < 8_000; index += 1) add('a');
    await clock.advance(30_000);
    expect(happened).toHaveLength(1_000);
    await clock.advance(8_000);
    expect(happened).toHaveLength(8_000);
  });

  it('pings and expires everybody in time, whatever the settings and the traffic', async () => {
    const settings = fc.record({
      intervalMs: fc.integer({ min: 20, max: 200_000 }),
      factor: fc.integer({ min: 2, max: 5 }),
    });
    const quietAfter = fc.array(fc.nat({ max: 100 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(settings, quietAfter, async ({ intervalMs, factor }, percents) => {
        const { clock, heartbeat, handlers } = setUp({ intervalMs, timeoutMs: intervalMs * factor });
        const slackMs = Math.max(intervalMs / 10, 1000, 25);
        const quiet = new Map<string, number>();
        const lateness: number[] = [];
        handlers.expire = (member) => lateness.push(clock.monotonic() - quiet.get(member.name)! - intervalMs * factor);
        const members = percents.map((_percent, index) => ({
          name: String(index),
          lastSeenAt: 0,
          visitTick: undefined,
          isInboundPaused: false,
        }));
        for (const member of members) heartbeat.add(member);
        for (const [index, percent] of percents.toSorted((a, b) => a - b).entries()) {
          await clock.advance((intervalMs * percent) / 100 / percents.length);
          members[index]!.lastSeenAt = heartbeat.now;
          quiet.set(String(index), clock.monotonic());
        }
        await clock.advance(intervalMs * factor + slackMs);
        expect(lateness).toHaveLength(percents.length);
        for (const late of lateness) expect(Math.abs(late)).toBeLessThanOrEqual(slackMs);
      }),
      { numRuns: 30 },
    );
  });
});
