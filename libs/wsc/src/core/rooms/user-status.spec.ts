import { FakeClock } from '../../testing/fake-clock.js';
import { UserStatus, type UserStatusData, type UserStatusOptions } from './user-status.js';

const graceMs = 3_000;
const coalesceMs = 1_000;

function createStatus(options: Partial<Pick<UserStatusOptions, 'maxPending' | 'isOnline'>> = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const data: UserStatusData[] = [];
  const status = new UserStatus({
    clock,
    graceMs: () => graceMs,
    coalesceMs,
    isOnline: () => false,
    ...options,
    send(room, message) {
      told.push(`${room} ${message.user_id} ${message.status}`);
      data.push(message);
    },
  });
  return { clock, told, data, status };
}

/** Ann is in the room and its members know it. */
async function createWithAnn() {
  const context = createStatus();
  context.status.cameOnline('ann');
  context.status.joinedRoom('ann', 'team');
  await context.clock.advance(coalesceMs);
  context.told.length = 0;
  context.data.length = 0;
  return context;
}

describe('the status of a user', () => {
  it('is told as online to the room within a second, once', async () => {
    const { clock, told, data, status } = createStatus();
    status.joinedRoom('ann', 'team');
    expect(told).toEqual([]);
    await clock.advance(coalesceMs);
    await clock.advance(60_000);
    expect(data).toEqual([{ user_id: 'ann', status: 'online' }]);
    expect(told).toEqual(['team ann online']);
  });

  it('is untold from the joining until the room hears of it', async () => {
    const { clock, status } = createStatus();
    const seen = [status.isUntold('ann', 'team')];
    status.joinedRoom('ann', 'team');
    seen.push(status.isUntold('ann', 'team'));
    await clock.advance(coalesceMs);
    seen.push(status.isUntold('ann', 'team'));
    status.wentOffline('ann', ['team']);
    seen.push(status.isUntold('ann', 'team'));
    expect(seen).toEqual([false, true, false, false]);
  });

  it('is told as offline with the time of the loss, after the grace time and not before', async () => {
    const { clock, told, data, status } = await createWithAnn();
    const lastSeen = clock.now();
    status.wentOffline('ann', ['team']);
    await clock.advance(graceMs - 1);
    expect(told).toEqual([]);
    await clock.advance(1 + coalesceMs);
    expect(data).toEqual([{ user_id: 'ann', status: 'offline', last_seen: lastSeen }]);
  });

  it.each([
    ['is back on another node', true],
    ['may be: that node can not be asked', undefined],
  ])('is not told as offline where the user %s', async (_, isOnline) => {
    const ask = () => (isOnline === undefined ? Promise.reject(new Error('down')) : Promise.resolve(isOnline));
    const { clock, told, status } = createStatus({ isOnline: ask });
    status.wentOffline('ann', ['team']);
    await clock.advance(graceMs + coalesceMs);
    expect(told).toEqual([]);
  });

  it('is not told as online where the members do not know yet that the user was away', async () => {
    const { clock, told, status } = createStatus();
    status.joinedRoom('ann', 'team', true);
    status.joinedRoom('bob', 'team', false);
    await clock.advance(coalesceMs);
    expect(told).toEqual(['team bob online']);
  });

  it.each(['before', 'after'])('is told as offline when leaving the room is reported %s the loss', async (when) => {
    const { clock, told, status } = await createWithAnn();
    if (when === 'before') status.leftRoom('ann', 'team');
    status.wentOffline('ann', ['team']);
    if (when === 'after') status.leftRoom('ann', 'team');
    await clock.advance(graceMs + coalesceMs);
    expect(told).toEqual(['team ann offline']);
  });

  it('is not told when a page is loaded again within the grace time', async () => {
    const { clock, told, status } = await createWithAnn();
    status.wentOffline('ann', ['team']);
    await clock.advance(graceMs - 500);
    status.cameOnline('ann');
    status.joinedRoom('ann', 'team');
    await clock.advance(60_000);
    expect(told).toEqual([]);
    expect(status.pendingCount).toBe(0);
  });

  it('is told again when the user comes back after the grace time', async () => {
    const { clock, told, status } = await createWithAnn();
    status.wentOffline('ann', ['team']);
    await clock.advance(graceMs + coalesceMs);
    status.cameOnline('ann');
    status.joinedRoom('ann', 'team');
    await clock.advance(coalesceMs);
    expect(told).toEqual(['team ann offline', 'team ann online']);
  });

  it('is not told as offline to a room that the user has not joined again, while online', async () => {
    const { clock, told, status } = await createWithAnn();
    status.wentOffline('ann', ['team']);
    status.cameOnline('ann');
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });

  it('is not told of somebody who came and went within the second', async () => {
    const { clock, told, status } = createStatus();
    status.joinedRoom('ann', 'team');
    status.leftRoom('ann', 'team');
    status.wentOffline('ann', ['team']);
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });

  it('is told once of somebody who flaps within the second and stays', async () => {
    const { clock, told, status } = createStatus();
    for (let turn = 0; turn < 5; turn += 1) {
      status.cameOnline('ann');
      status.joinedRoom('ann', 'team');
      status.wentOffline('ann', ['team']);
    }
    status.cameOnline('ann');
    status.joinedRoom('ann', 'team');
    await clock.advance(60_000);
    expect(told).toEqual(['team ann online']);
  });

  it('is not told when the user leaves the room but stays online', async () => {
    const { clock, told, status } = await createWithAnn();
    status.leftRoom('ann', 'team');
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });

  it('is told to each room on its own', async () => {
    const { clock, told, status } = await createWithAnn();
    status.joinedRoom('ann', 'other');
    status.wentOffline('ann', ['team', 'other']);
    await clock.advance(graceMs + coalesceMs);
    expect(told).toEqual(['team ann offline']);
  });
});

describe('announcements that wait', () => {
  it('are bounded; what is over the bound is left out and counted', async () => {
    const { clock, told, status } = createStatus({ maxPending: 2 });
    for (const user of ['ann', 'bob', 'eve']) status.joinedRoom(user, 'team');
    expect([status.pendingCount, status.droppedCount]).toEqual([2, 1]);
    status.joinedRoom('ann', 'team');
    await clock.advance(coalesceMs);
    expect(told).toEqual(['team ann online', 'team bob online']);
    expect([status.pendingCount, status.droppedCount]).toEqual([0, 1]);
  });

  it('hold a timer only while there are any, and none after close', async () => {
    const { clock, told, status } = createStatus();
    expect(clock.timerCount).toBe(0);
    status.joinedRoom('ann', 'team');
    await clock.advance(coalesceMs);
    expect(clock.timerCount).toBe(0);
    status.wentOffline('ann', ['team']);
    expect(clock.timerCount).toBe(1);
    status.close();
    status.joinedRoom('bob', 'team');
    expect([clock.timerCount, status.pendingCount]).toEqual([0, 0]);
    await clock.advance(60_000);
    expect(told).toEqual(['team ann online']);
  });
});
