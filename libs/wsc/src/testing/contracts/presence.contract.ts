import assert from 'node:assert/strict';
import type { PageRequest, Presence, PresenceEntry, PresenceListener } from '../../core/ports/presence.js';
import { describePort, type OpenNodes, type PortPromises } from './runner.js';

/** Declares what every {@link Presence} promises. `open` makes instances that know of nobody and were not started. */
export function describePresence(name: string, open: OpenNodes<Presence>): void {
  const openStarted: OpenNodes<Presence> = async () => {
    const nodes = await open();
    for (const node of nodes) await node.start(nobody);
    return nodes;
  };
  describePort(`the ${name} presence`, openStarted, promises);
  describePort(`the listener of the ${name} presence`, open, listenerPromises);
}

const nobody: PresenceListener = { expired: () => undefined, returned: () => undefined, returnedTo: () => undefined };

const listenerPromises: PortPromises<Presence> = {
  'hears of nobody whose coming and going was answered': async ({ here, there }) => {
    const heard: string[] = [];
    const listener: PresenceListener = {
      expired: ({ userId }) => heard.push(`${userId} expired`),
      returned: (userId) => heard.push(`${userId} returned`),
      returnedTo: (room, userId) => heard.push(`${userId} returned to ${room}`),
    };
    for (const node of new Set([here, there])) await node.start(listener);
    const [phone, tablet] = [entry('ann', 'phone'), entry('ann', 'tablet')];
    for (let turn = 0; turn < 2; turn += 1) {
      await here.added(phone);
      await there.added(tablet);
      await here.joined(phone, 'chat:1');
      await there.left(tablet, 'chat:1');
      await here.left(phone, 'chat:1', false);
      await here.removed(phone);
      await there.removed(tablet);
    }
    assert.deepEqual(heard, []);
  },
};

const promises: PortPromises<Presence> = {
  'knows who is online, and which connection was a user’s first and last': async ({ here, there }) => {
    const [phone, tablet] = [entry('ann', 'phone'), entry('ann', 'tablet')];
    assert.equal(await there.isOnline('ann'), false);
    assert.deepEqual(await here.added(phone), { isFirst: true });
    assert.deepEqual(await there.added(tablet), { isFirst: false });
    assert.equal(await there.isOnline('ann'), true);
    assert.deepEqual(await here.removed(phone), { isLast: false });
    assert.equal(await there.isOnline('ann'), true);
    assert.deepEqual(await there.removed(tablet), { isLast: true });
    assert.equal(await here.isOnline('ann'), false);
  },

  'knows the connections of a user': async ({ here, there }) => {
    const entries = [entry('ann', 'phone'), entry('ann', 'tablet')];
    for (const added of entries) await here.added(added);
    await here.added(entry('bob', 'phone'));
    assert.deepEqual(byConnection(await there.connectionsOf('ann')), byConnection(entries));
    assert.deepEqual(await there.connectionsOf('nobody'), []);
  },

  'does not take a late goodbye of an old connection for that of a newer one': async ({ here, there }) => {
    const [old, newer] = [entry('ann', 'phone', 'old'), entry('ann', 'phone', 'newer')];
    await here.added(old);
    await there.added(newer);
    assert.deepEqual(await here.removed(old), { isLast: false });
    assert.deepEqual(await here.removed(old), { isLast: false });
    assert.deepEqual(await here.connectionsOf('ann'), [newer]);
  },

  'takes the same connection twice for one, and an unknown one for nobody’s last': async ({ here, there }) => {
    const phone = entry('ann', 'phone');
    await here.added(phone);
    assert.deepEqual(await here.added(phone), { isFirst: true });
    assert.deepEqual(await there.removed(entry('bob', 'phone')), { isLast: false });
    assert.deepEqual(await there.removed(entry('ann', 'tablet')), { isLast: false });
    assert.deepEqual(await here.removed(phone), { isLast: true });
    assert.deepEqual(await here.removed(phone), { isLast: false });
  },

  'reserves as many places as a user may have connections, on all nodes together, however many come at once': async ({
    here,
    there,
  }) => {
    const limits = { maxConnections: 3, maxDevices: 0 };
    await here.added(entry('ann', 'phone', 'open'));
    const tabs = Array.from({ length: 6 }, (_, index) => entry('ann', 'phone', String(index)));
    const results = await Promise.all(tabs.map(async (tab, index) => [here, there][index % 2]?.reserve(tab, limits)));
    assert.equal(results.filter((result) => result?.ok).length, 2);
    assert.deepEqual(
      results.find((result) => result?.ok === false),
      { ok: false, exceeded: 'connections' },
    );
    assert.deepEqual(await here.reserve(entry('bob', 'phone'), limits), { ok: true });
    assert.deepEqual((await there.connectionsOf('ann')).length, 1);
    assert.equal(await there.isOnline('bob'), false);
    assert.equal(await there.onlineUserCount(), 1);
  },

  'gives a place back, and takes it for the connection that came of it': async ({ here, there }) => {
    const limits = { maxConnections: 1, maxDevices: 0 };
    const [first, second] = [entry('ann', 'phone', 'first'), entry('ann', 'phone', 'second')];
    assert.deepEqual(await here.reserve(first, limits), { ok: true });
    assert.deepEqual(await there.reserve(second, limits), { ok: false, exceeded: 'connections' });
    await here.release(first);
    assert.deepEqual(await there.reserve(second, limits), { ok: true });
    assert.deepEqual(await there.added(second), { isFirst: true });
    await there.release(second);
    assert.deepEqual(await there.connectionsOf('ann'), [second]);
    assert.deepEqual(await here.reserve(first, limits), { ok: false, exceeded: 'connections' });
    assert.deepEqual(await there.removed(second), { isLast: true });
    assert.deepEqual(await here.reserve(first, limits), { ok: true });
  },

  'counts a connection that had a place once': async ({ here, there }) => {
    const limits = { maxConnections: 2, maxDevices: 0 };
    const [first, second, third] = ['1', '2', '3'].map((name) => entry('ann', 'phone', name));
    assert.ok(first && second && third);
    assert.deepEqual(await here.reserve(first, limits), { ok: true });
    await here.added(first);
    assert.deepEqual(await there.reserve(second, limits), { ok: true });
    assert.deepEqual(await there.reserve(third, limits), { ok: false, exceeded: 'connections' });
  },

  'reserves for so many devices, and for any connection of those': async ({ here, there }) => {
    const limits = { maxConnections: 0, maxDevices: 2 };
    await here.added(entry('ann', 'phone'));
    assert.deepEqual(await there.reserve(entry('ann', 'tablet'), limits), { ok: true });
    assert.deepEqual(await here.reserve(entry('ann', 'laptop'), limits), { ok: false, exceeded: 'devices' });
    assert.deepEqual(await here.reserve(entry('ann', 'phone', 'tab'), limits), { ok: true });
    assert.deepEqual(await here.reserve(entry('ann', 'tablet', 'tab'), limits), { ok: true });
  },

  'gives all users in pages, each once': async ({ here, there }) => {
    const users = Array.from({ length: 25 }, (_, index) => `user-${(index * 7) % 25}`);
    for (const userId of users) for (const device of ['a', 'b']) await here.added(entry(userId, device));
    const pages = await readPages(there, { limit: 10 });
    assert.deepEqual(
      pages.map((page) => page.length),
      [10, 10, 5],
    );
    assert.deepEqual(sorted(pages.flat()), sorted(users));
    assert.equal(await there.onlineUserCount(), 25);
  },

  'misses nobody and repeats nobody who stays while others come and go between pages': async ({ here, there }) => {
    const stay = Array.from({ length: 20 }, (_, index) => `stay-${String(index)}`);
    const go = Array.from({ length: 20 }, (_, index) => `s${String(index)}`);
    for (const userId of [...stay, ...go]) await here.added(entry(userId, 'a'));
    const pages = await readPages(there, { limit: 7 }, async (count) => {
      for (const userId of go.slice(count * 5, count * 5 + 5)) await here.removed(entry(userId, 'a'));
      await here.added(entry(`t${String(count)}`, 'a'));
    });
    const seen = pages.flat().filter((userId) => userId.startsWith('stay-'));
    assert.deepEqual(sorted(seen), sorted(stay));
  },

  'lists who has come and no more who has gone': async ({ here, there }) => {
    for (const userId of ['ann', 'bob']) await here.added(entry(userId, 'a'));
    assert.deepEqual(sorted((await there.onlineUsers({})).users), ['ann', 'bob']);
    await here.added(entry('cid', 'a'));
    assert.deepEqual(sorted((await there.onlineUsers({})).users), ['ann', 'bob', 'cid']);
    await here.removed(entry('ann', 'a'));
    assert.deepEqual(sorted((await there.onlineUsers({})).users), ['bob', 'cid']);
  },

  'gives 100 users a page unless asked otherwise, 1,000 at most, and takes any cursor': async ({ here, there }) => {
    const users = Array.from({ length: 1001 }, (_, index) => entry(`u${String(index)}`, 'a'));
    // A hundred at a time: each has a time-out.
    for (let start = 0; start < users.length; start += 100) {
      await Promise.all(users.slice(start, start + 100).map(async (user) => here.added(user)));
    }
    assert.equal((await there.onlineUsers({})).users.length, 100);
    assert.equal((await there.onlineUsers({ limit: 5000 })).users.length, 1000);
    assert.equal((await there.onlineUsers({ limit: -1 })).users.length, 1);
    assert.ok(Array.isArray((await there.onlineUsers({ cursor: 'no such cursor' })).users));
  },

  'has one empty page while nobody is online': async ({ there }) => {
    assert.deepEqual(await there.onlineUsers({}), { users: [] });
    assert.equal(await there.onlineUserCount(), 0);
  },

  'knows who is in a room, with how many devices and since when': async ({ here, there }) => {
    await here.joined({ ...entry('ann', 'phone'), since: 2000 }, 'chat:1');
    await here.joined({ ...entry('ann', 'phone'), since: 500 }, 'chat:1');
    await there.joined({ ...entry('ann', 'tablet'), since: 1000 }, 'chat:1');
    await here.joined({ ...entry('ann', 'tablet', 'second tab'), since: 3000 }, 'chat:1');
    await here.joined({ ...entry('bob', 'phone'), since: 4000 }, 'chat:1');
    await here.joined(entry('cid', 'phone'), 'chat:2');
    const users = [...(await there.roomUsers('chat:1'))].sort((a, b) => a.since - b.since);
    assert.deepEqual(users, [
      { userId: 'ann', devices: 2, since: 1000 },
      { userId: 'bob', devices: 1, since: 4000 },
    ]);
    assert.deepEqual(await there.roomUsers('chat:3'), []);
  },

  'tells which connection was a user’s first and last in a room': async ({ here, there }) => {
    const [phone, tablet] = [entry('ann', 'phone'), entry('ann', 'tablet')];
    for (const added of [phone, tablet]) await here.added(added);
    assert.deepEqual(await here.joined(phone, 'chat:1'), { isFirst: true, isReturn: false });
    assert.deepEqual(await here.joined(phone, 'chat:1'), { isFirst: true, isReturn: false });
    assert.deepEqual(await there.joined(tablet, 'chat:1'), { isFirst: false, isReturn: false });
    assert.deepEqual(await here.left(phone, 'chat:1'), { isLast: false });
    assert.deepEqual(await here.left(phone, 'chat:1'), { isLast: false });
    assert.deepEqual(await there.left(tablet, 'chat:2'), { isLast: false });
    assert.deepEqual(await there.left(tablet, 'chat:1'), { isLast: true });
    assert.deepEqual(await here.roomUsers('chat:1'), []);
  },

  'takes a connection that goes out of all its rooms': async ({ here, there }) => {
    const phone = entry('ann', 'phone');
    await here.added(phone);
    for (const room of ['chat:1', 'chat:2', '__proto__']) await here.joined(phone, room);
    await here.joined(entry('bob', 'phone'), 'chat:2');
    await here.removed(phone);
    assert.deepEqual(await there.roomUsers('chat:1'), []);
    assert.deepEqual(await there.roomUsers('__proto__'), []);
    assert.deepEqual(
      (await there.roomUsers('chat:2')).map(({ userId }) => userId),
      ['bob'],
    );
  },
};

function entry(userId: string, deviceId: string, connection = ''): PresenceEntry {
  return { connectionId: `${userId}/${deviceId}/${connection}`, userId, deviceId, nodeId: 'n1', since: 1000 };
}

function byConnection(entries: readonly PresenceEntry[]): readonly PresenceEntry[] {
  return [...entries].sort((a, b) => a.connectionId.localeCompare(b.connectionId));
}

function sorted(users: readonly string[]): readonly string[] {
  return [...users].sort();
}

/** All pages; `between` runs after each, with the number of pages so far. */
async function readPages(
  presence: Presence,
  request: PageRequest,
  between?: (count: number) => Promise<void>,
): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await presence.onlineUsers({ ...request, ...(cursor !== undefined && { cursor }) });
    pages.push(page.users);
    if (page.cursor === undefined) return pages;
    cursor = page.cursor;
    await between?.(pages.length);
  }
}
