import { MemorySessions } from '../../stores/memory/memory-sessions.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TestHub, type TestClient, type TestClientOptions } from '../../testing/test-hub.js';
import { withResolver } from '../async/with-resolver.js';
import type { Sessions, SessionState } from '../ports/sessions.js';
import { ask } from '../streams/history.fixture.js';

/** Takes a session when it is told to. */
class SlowSessions implements Sessions {
  readonly #sessions = new MemorySessions({ clock: new FakeClock() });
  looking: Promise<void> | undefined;

  save: Sessions['save'] = (...args) => this.#sessions.save(...args);
  replace: Sessions['replace'] = (...args) => this.#sessions.replace(...args);
  extend: Sessions['extend'] = (...args) => this.#sessions.extend(...args);
  remove: Sessions['remove'] = (session) => this.#sessions.remove(session);
  removeOf: Sessions['removeOf'] = (userId) => this.#sessions.removeOf(userId);

  async take(...args: Parameters<Sessions['take']>): Promise<SessionState | undefined> {
    await this.looking;
    return this.#sessions.take(...args);
  }

  close(): void {
    return;
  }
}

/** Two nodes over one store of sessions. */
async function start() {
  const sessions = new SlowSessions();
  const make = async () => {
    const test = await TestHub.start({ dependencies: { sessions } });
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

/** Past the time after which changes are saved. */
const saved = (test: TestHub) => test.clock.advance(300);

/** A client that is in a room and has metadata, and its secret. */
async function resident(test: TestHub): Promise<{ client: TestClient; session: string }> {
  const client = await test.connect(ann);
  await ask(client, 'join_room', { room: 'chat:1' });
  client.connection.metadata.set('seat', 12);
  const [welcome] = client.received;
  if (welcome?.type !== 'welcome') throw new Error('Expected a welcome first');
  return { client, session: welcome.data.session };
}

/** The secret of one that is gone. */
async function gone(test: TestHub): Promise<string> {
  const { client, session } = await resident(test);
  await client.disconnect(1006);
  return session;
}

async function resume(test: TestHub, session: string, options: TestClientOptions = ann) {
  const client = await test.connect(options);
  return { client, answer: (await ask(client, 'resume', { session })) as { session: string; resumed: boolean } };
}

function expectAllOf({ connection }: TestClient): void {
  expect(connection.rooms).toEqual(['chat:1']);
  expect(connection.metadata.get('seat')).toBe(12);
}

describe('a client to which the answer to its resume got lost', () => {
  it('resumes with the secret that it has, as often as that happens', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const session = await gone(here);
    for (const test of [there, here, there]) {
      const { client, answer } = await resume(test, session);
      expect(answer.resumed).toBe(true);
      expectAllOf(client);
      await client.disconnect(1006);
    }
  });

  it('resumes with it also where its first connection was still open', async () => {
    await using parts = await start();
    const { here } = parts;
    const { client: hanging, session } = await resident(here);
    await saved(here);
    const { client: second } = await resume(here, session);
    await hanging.disconnect(1006);
    await second.disconnect(1006);
    expectAllOf((await resume(here, session)).client);
  });

  it('puts out the connection of that answer, if it is still open', async () => {
    await using parts = await start();
    const { here } = parts;
    const session = await gone(here);
    const { client: hanging } = await resume(here, session);
    await saved(here);
    const { client } = await resume(here, session);
    expectAllOf(client);
    expect(hanging.closedWith).toMatchObject({ code: 4504 });
    expect(client.closedWith).toBeUndefined();
  });

  it('has everything again though the connection ended before all of it was restored', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const session = await gone(here);
    const decision = withResolver<boolean>();
    there.hub.namespaces.define('chat', { policy: { authorizeJoin: () => decision.promise } });
    const hanging = await there.connect(ann);
    await ask(hanging, 'resume', { session });
    await saved(there);
    await hanging.disconnect(1006);
    expectAllOf((await resume(here, session)).client);
    decision.resolve(true);
    await there.settle();
  });

  it('has nothing once the new secret was used', async () => {
    await using parts = await start();
    const { here } = parts;
    const session = await gone(here);
    const { client: second, answer } = await resume(here, session);
    await second.disconnect(1006);
    const { client: third } = await resume(here, answer.session);
    expectAllOf(third);
    await saved(here);
    expect((await resume(here, session)).answer.resumed).toBe(false);
    expect(third.closedWith).toBeUndefined();
  });

  it('has nothing where the connection of that answer was kicked', async () => {
    await using parts = await start();
    const { here } = parts;
    const session = await gone(here);
    const { client } = await resume(here, session);
    await saved(here);
    client.connection.close('kicked');
    await client.disconnect(1000);
    expect((await resume(here, session)).answer.resumed).toBe(false);
  });

  it.each([
    ['another user', { ...ann, userId: 'eve' }],
    ['another device', { ...ann, deviceId: 'tablet' }],
  ])('has nothing as %s, and the owner still has', async (_who, stranger) => {
    await using parts = await start();
    const { here } = parts;
    const session = await gone(here);
    await (await resume(here, session)).client.disconnect(1006);
    expect((await resume(here, session, stranger)).answer.resumed).toBe(false);
    expectAllOf((await resume(here, session)).client);
  });
});

describe('a client that resumes twice on one connection', () => {
  it('is not put out by itself', async () => {
    await using parts = await start();
    const { here } = parts;
    const former = await gone(here);
    const { client, answer } = await resume(here, former);
    await saved(here);
    expect(await ask(client, 'resume', { session: answer.session })).toMatchObject({ resumed: false });
    await saved(here);
    expect(await ask(client, 'resume', { session: former })).toMatchObject({ resumed: false });
    expect(client.closedWith).toBeUndefined();
  });
});

describe('a client that goes while its session is looked for', () => {
  it('leaves nothing behind', async () => {
    await using parts = await start();
    const { here, sessions } = parts;
    const session = await gone(here);
    await here.clock.advance(10_000);
    const timerCount = here.clock.timerCount;
    const client = await here.connect(ann);
    const looking = withResolver<undefined>();
    sessions.looking = looking.promise;
    await ask(client, 'resume', { session });
    await client.disconnect(1006);
    looking.resolve(undefined);
    await here.clock.advance(10_000);
    expect(here.clock.timerCount).toBe(timerCount);
  });
});
