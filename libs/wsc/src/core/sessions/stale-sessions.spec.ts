import { WscError } from '@nest-wsc/protocol';
import { MemorySessions } from '../../stores/memory/memory-sessions.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TestHub, type TestClient, type TestClientOptions } from '../../testing/test-hub.js';
import type { Sessions } from '../ports/sessions.js';
import { ask } from '../streams/history.fixture.js';

/** A store that may be away. */
class BreakableSessions implements Sessions {
  readonly clock = new FakeClock();
  readonly #sessions = new MemorySessions({ clock: this.clock });
  isAway = false;
  writeCount = 0;

  save: Sessions['save'] = (...args) => this.#write().save(...args);
  replace: Sessions['replace'] = (...args) => this.#write().replace(...args);
  extend: Sessions['extend'] = (...args) => this.#open().extend(...args);
  take: Sessions['take'] = (...args) => this.#open().take(...args);
  remove: Sessions['remove'] = (...args) => this.#open().remove(...args);
  removeOf: Sessions['removeOf'] = (...args) => this.#open().removeOf(...args);

  close(): void {
    return;
  }

  /** As a store that has lost its data. */
  forget(): void {
    this.#sessions.close();
  }

  #write(): MemorySessions {
    this.writeCount += 1;
    return this.#open();
  }

  #open(): MemorySessions {
    if (this.isAway) throw new WscError('WSC_UNAVAILABLE');
    return this.#sessions;
  }
}

/** Nodes over one store that don't hear each other, as when one of them stands still. */
async function start() {
  const sessions = new BreakableSessions();
  const make = async () => {
    const test = await TestHub.start({
      options: { userTypes: ['admin', 'guest'], heartbeatIntervalMs: 0 },
      dependencies: { sessions },
    });
    test.hub.namespaces.define('chat', { joinable: true });
    return test;
  };
  const [here, there] = [await make(), await make()];
  return {
    ...{ here, there, sessions },
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
}

const ann: TestClientOptions = { userId: 'ann', deviceId: 'phone', protocols: ['wsc.v1.json', 'resume.v1'] };
const typed = (userType: string): TestClientOptions => {
  const { userId: _, ...rest } = ann;
  return { ...rest, principal: { userId: 'ann', userType, claims: {} } };
};

/** Past the time after which changes are saved. */
const saved = (test: TestHub) => test.clock.advance(300);

function secretOf({ received }: TestClient): string {
  const [welcome] = received;
  if (welcome?.type !== 'welcome') throw new Error('Expected a welcome first');
  return welcome.data.session;
}

/** In a room for staff, where the application has put it. */
async function staff(test: TestHub, options = ann): Promise<TestClient> {
  const client = await test.connect(options);
  await test.hub.join(client.connection.id, 'staff:1');
  client.connection.metadata.set('role', 'admin');
  await saved(test);
  return client;
}

async function demote(test: TestHub, { connection }: TestClient): Promise<void> {
  await test.hub.leave(connection.id, 'staff:1');
  connection.metadata.set('role', 'guest');
  await saved(test);
}

async function resume(test: TestHub, secret: string, options = ann) {
  const client = await test.connect(options);
  const answer = (await ask(client, 'resume', { session: secret })) as { session: string; resumed: boolean };
  return { client, answer, ...answer, rooms: client.connection.rooms };
}

describe('a session that is too large to be kept', () => {
  it('gives nothing back that its client does not have any more', async () => {
    await using parts = await start();
    const { here } = parts;
    const before = await staff(here);
    before.connection.metadata.set('cart', 'x'.repeat(20_000));
    await demote(here, before);
    expect(await resume(here, secretOf(before))).toMatchObject({ resumed: false, rooms: [] });
    await before.disconnect(1006);
    const after = await resume(here, secretOf(before));
    expect(after).toMatchObject({ answer: { resumed: false, reason: 'unknown' }, rooms: [] });
    expect(after.client.connection.metadata.get('role')).toBeUndefined();
  });

  it('is kept again once it is smaller', async () => {
    await using parts = await start();
    const { here } = parts;
    const before = await staff(here);
    before.connection.metadata.set('cart', 'x'.repeat(20_000));
    await demote(here, before);
    before.connection.metadata.delete('cart');
    await here.clock.advance(here.hub.options.resumeWindowMs / 3);
    const after = await resume(here, secretOf(before));
    expect(after).toMatchObject({ resumed: true, rooms: [] });
    expect(after.client.connection.metadata.get('role')).toBe('guest');
  });
});

describe('a session that can not be saved for now', () => {
  it('is as it should be a second after the store is back, at the latest', async () => {
    await using parts = await start();
    const { here, sessions } = parts;
    const before = await staff(here);
    sessions.isAway = true;
    await demote(here, before);
    await here.clock.advance(10_000);
    sessions.isAway = false;
    await here.clock.advance(1_000);
    const after = await resume(here, secretOf(before));
    expect(after).toMatchObject({ resumed: true, rooms: [] });
    expect(after.client.connection.metadata.get('role')).toBe('guest');
  });

  it('is so too where its connection has ended, and then of a thousand', async () => {
    await using parts = await start();
    const { here, there, sessions } = parts;
    const clients: TestClient[] = [];
    for (let index = 0; index < 1_000; index += 1)
      clients.push(await here.connect({ ...ann, userId: `ann-${String(index)}` }));
    for (const { connection } of clients) await here.hub.join(connection.id, 'staff:1');
    await saved(here);
    sessions.isAway = true;
    for (const { connection } of clients) await here.hub.leave(connection.id, 'staff:1');
    for (const client of clients) await client.disconnect(1006);
    await here.clock.advance(5_000);
    sessions.isAway = false;
    await here.clock.advance(1_100);
    for (const index of [0, 499, 500, 999]) {
      const after = await resume(there, secretOf(clients[index]!), { ...ann, userId: `ann-${String(index)}` });
      expect(after).toMatchObject({ resumed: true, rooms: [] });
    }
  });

  it('is not tried for longer than its client may come back', async () => {
    await using parts = await start();
    const { here, sessions } = parts;
    const before = await staff(here);
    const timerCount = here.clock.timerCount;
    sessions.isAway = true;
    await before.disconnect(1006);
    await here.clock.advance(here.hub.options.resumeWindowMs + 5_000);
    const { writeCount } = sessions;
    await here.clock.advance(60_000);
    expect(sessions.writeCount).toBe(writeCount);
    expect(here.clock.timerCount).toBeLessThan(timerCount);
  });

  it('goes once the store is back, where its client was kicked meanwhile', async () => {
    await using parts = await start();
    const { here, sessions } = parts;
    const before = await staff(here);
    sessions.isAway = true;
    await expect(here.hub.disconnectUser('ann')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect(before.closedWith).toMatchObject({ code: 4503 });
    await before.disconnect(1006);
    sessions.isAway = false;
    await here.clock.advance(1_000);
    expect(await resume(here, secretOf(before))).toMatchObject({ resumed: false, rooms: [] });
  });

  it('is not saved later, where its user is kicked in between', async () => {
    await using parts = await start();
    const { here, sessions } = parts;
    const before = await here.connect(ann);
    await here.hub.join(before.connection.id, 'staff:1');
    sessions.isAway = true;
    await before.disconnect(1006);
    sessions.isAway = false;
    expect(await here.hub.disconnectUser('ann')).toBe(0);
    await here.clock.advance(5_000);
    expect(await resume(here, secretOf(before))).toMatchObject({ resumed: false, rooms: [] });
  });
});

describe('a session that the store has lost', () => {
  it('is kept again, as long as its connection is open', async () => {
    await using parts = await start();
    const { here, there, sessions } = parts;
    const before = await staff(here);
    sessions.forget();
    await here.clock.advance(here.hub.options.resumeWindowMs / 3 + 1_000);
    expect(await resume(there, secretOf(before))).toMatchObject({ resumed: true, rooms: ['staff:1'] });
  });
});

describe('a user who has become another type', () => {
  it('comes as a new one, and as the former has everything again', async () => {
    await using parts = await start();
    const { here } = parts;
    const before = await staff(here, typed('admin'));
    await before.disconnect(1006);
    expect(await resume(here, secretOf(before), typed('guest'))).toMatchObject({ resumed: false, rooms: [] });
    expect(await resume(here, secretOf(before), typed('admin'))).toMatchObject({ resumed: true, rooms: ['staff:1'] });
  });

  it('by a new token, has its session as that from then on', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const before = await staff(here, typed('admin'));
    here.request(typed('guest'));
    await ask(before, 'refresh_token', { token: 'ann' });
    await saved(here);
    expect(await resume(there, secretOf(before), typed('admin'))).toMatchObject({ resumed: false });
    expect(await resume(there, secretOf(before), typed('guest'))).toMatchObject({ resumed: true });
  });
});

describe('a user who is disconnected while away', () => {
  it.each([
    ['has nothing to resume where that is for good', 'kicked', false],
    ['goes on where it was told to come back', 'serviceRestart', true],
  ] as const)('%s', async (_what, how, resumed) => {
    await using parts = await start();
    const { here, there } = parts;
    const before = await staff(here);
    await before.disconnect(1006);
    expect(await there.hub.disconnectUser('ann', how)).toBe(0);
    expect(await resume(here, secretOf(before))).toMatchObject({ resumed });
  });

  it('has nothing to resume from before its link has closed', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const before = await here.connect(ann);
    await here.hub.disconnectUser('ann');
    await here.hub.join(before.connection.id, 'staff:1').catch(() => undefined);
    await saved(here);
    expect(await resume(there, secretOf(before))).toMatchObject({ resumed: false });
  });
});

describe('a node that comes late', () => {
  it('does not bring back a session that was resumed elsewhere', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const hanging = await staff(here);
    const next = await resume(there, secretOf(hanging));
    await next.client.disconnect(1006);
    await demote(here, hanging);
    await hanging.disconnect(1006);
    const last = await resume(there, next.answer.session);
    expect(last).toMatchObject({ resumed: true, rooms: ['staff:1'] });
    expect(await resume(there, secretOf(hanging))).toMatchObject({ resumed: false });
    expect(last.client.closedWith).toBeUndefined();
  });

  it('does not bring back a session whose user was disconnected elsewhere', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const hanging = await staff(here);
    await there.hub.disconnectUser('ann');
    await demote(here, hanging);
    await hanging.disconnect(1006);
    expect(await resume(there, secretOf(hanging))).toMatchObject({ resumed: false });
  });
});

describe('a room that a client is in again', () => {
  it('asks its policy only where the client had joined by itself', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const before = await staff(here);
    await ask(before, 'join_room', { room: 'chat:1' });
    await before.disconnect(1006);
    const asked: string[] = [];
    for (const namespace of ['chat', 'staff']) {
      const authorizeJoin = (_: unknown, room: string) => {
        asked.push(room);
        return false;
      };
      there.hub.namespaces.define(namespace, { policy: { authorizeJoin } });
    }
    expect(await resume(there, secretOf(before))).toMatchObject({
      answer: { rooms: { 'chat:1': { error: 'WSC_FORBIDDEN' }, 'staff:1': {} } },
      rooms: ['staff:1'],
    });
    expect(asked).toEqual(['chat:1']);
  });
});

describe('a resume with the secret that the connection itself has', () => {
  it.each([
    ['before it was saved', async () => undefined],
    ['after it was saved', saved],
  ])('%s gives nothing, closes nothing, and the new one counts', async (_when, wait) => {
    await using parts = await start();
    const { here } = parts;
    const client = await here.connect(ann);
    await here.hub.join(client.connection.id, 'staff:1');
    await wait(here);
    const answer = (await ask(client, 'resume', { session: secretOf(client) })) as { session: string };
    expect(answer).toMatchObject({ resumed: false, reason: 'unknown' });
    expect(client.closedWith).toBeUndefined();
    await saved(here);
    await client.disconnect(1006);
    expect(await resume(here, answer.session)).toMatchObject({ resumed: true, rooms: ['staff:1'] });
  });
});

describe('a resume with positions', () => {
  const positions = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`chat:${String(index)}`, { offset: 1, epoch: 'x' }]),
    );

  it('may have those of 300 rooms', async () => {
    await using parts = await start();
    const client = await parts.here.connect(ann);
    const request = { session: 'x', inbox: { offset: 1, epoch: 'x' } };
    expect(await ask(client, 'resume', { ...request, rooms: positions(300) })).toMatchObject({ resumed: false });
    expect(await ask(client, 'resume', { ...request, rooms: positions(301) })).toBe('WSC_LIMIT_EXCEEDED');
  });
});
