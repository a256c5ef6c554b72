import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { MemoryInbox } from '../../stores/memory/memory-inbox.js';
import { MemorySessions } from '../../stores/memory/memory-sessions.js';
import { MemoryStreams } from '../../stores/memory/memory-streams.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TestHub, type TestClient, type TestClientOptions } from '../../testing/test-hub.js';
import { ask } from '../streams/history.fixture.js';

/** Two nodes over one store; only what is kept connects them. */
async function start() {
  const clock = new FakeClock();
  const sessions = new MemorySessions({ clock });
  const storeBroker = new MemoryBroker();
  const streams = new MemoryStreams({ clock, broker: storeBroker });
  const inbox = new MemoryInbox({ clock, broker: storeBroker });
  const make = async () => {
    const test = await TestHub.start({ dependencies: { sessions, streams, inbox } });
    test.hub.namespaces.define('chat', { joinable: true, history: true });
    return test;
  };
  const [here, there] = [await make(), await make()];
  return {
    ...{ here, there, clock },
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
}

const ann: TestClientOptions = { userId: 'ann', deviceId: 'phone', protocols: ['wsc.v1.json', 'resume.v1'] };
const send = ({ hub }: TestHub, data: unknown) => hub.sendToRoom('chat:1', { event: 'said', data });

function sessionOf({ received }: TestClient): string {
  const [welcome] = received;
  if (welcome?.type !== 'welcome') throw new Error('Expected a welcome first');
  return welcome.data.session;
}

/** Past the time after which changes are saved. */
const saved = (test: TestHub) => test.clock.advance(300);

describe('a client that comes back', () => {
  it('is in its rooms again on another node, and gets what it missed', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const before = await here.connect(ann);
    const { epoch } = (await ask(before, 'join_room', { room: 'chat:1' })) as { epoch: string };
    await here.hub.join(before.connection.id, 'order:7');
    before.connection.metadata.set('seat', 12);
    await send(here, 'a');
    await before.disconnect(1006);
    await send(here, 'b');
    const after = await there.connect(ann);
    const answer = await ask(after, 'resume', {
      session: sessionOf(before),
      rooms: { 'chat:1': { offset: 1, epoch }, 'chat:9': { offset: 1, epoch: 'x' } },
    });
    expect(answer).toEqual({
      resumed: true,
      session: expect.any(String),
      rooms: { 'chat:1': { offset: 1, epoch, recovered: true, from: 1, to: 2 }, 'order:7': {} },
      inbox: {},
    });
    expect(after.messages.map(({ data, offset }) => [data, offset])).toEqual([['b', 2]]);
    expect([...after.connection.rooms].sort()).toEqual(['chat:1', 'order:7']);
    expect(after.connection.metadata.get('seat')).toBe(12);
    expect(there.hub.stats()).toMatchObject({ resumedSessions: 1, recoveries: 1 });
  });

  it('is in its rooms again though its node has died without a word', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const before = await here.connect(ann);
    await ask(before, 'join_room', { room: 'chat:1' });
    await saved(here);
    const after = await there.connect(ann);
    expect(await ask(after, 'resume', { session: sessionOf(before) })).toMatchObject({
      resumed: true,
      rooms: { 'chat:1': { offset: 0 } },
    });
  });

  it('is so too where the window was made shorter meanwhile', async () => {
    await using parts = await start();
    const { here, there, clock } = parts;
    const before = await here.connect(ann);
    const shorten = (test: TestHub) => test.hub.updateOptions({ ...test.hub.options, resumeWindowMs: 30_000 });
    await saved(here);
    shorten(here);
    // Up to the first extension, which was planned for the longer window, and on.
    for (let second = 0; second < 240; second += 1) {
      before.connection.touch();
      await Promise.all([here.clock.advance(1_000), clock.advance(1_000)]);
    }
    const after = await there.connect(ann);
    expect(await ask(after, 'resume', { session: sessionOf(before) })).toMatchObject({ resumed: true });
  });

  it('puts out the connection that it goes on for, if that is still open', async () => {
    await using parts = await start();
    const { here } = parts;
    const before = await here.connect(ann);
    await saved(here);
    const after = await here.connect(ann);
    expect(await ask(after, 'resume', { session: sessionOf(before) })).toMatchObject({ resumed: true });
    expect(before.closedWith).toMatchObject({ code: 4504 });
    expect(after.closedWith).toBeUndefined();
  });

  it('resumes a session once, each answer has a new one, and the last one counts', async () => {
    await using parts = await start();
    const { here } = parts;
    const first = await here.connect(ann);
    await ask(first, 'join_room', { room: 'chat:1' });
    await first.disconnect(1006);
    const second = await here.connect(ann);
    const resumed = (await ask(second, 'resume', { session: sessionOf(first) })) as { session: string };
    expect(await ask(second, 'resume', { session: sessionOf(first) })).toMatchObject({
      resumed: false,
      reason: 'unknown',
    });
    expect(here.hub.stats()).toMatchObject({ resumedSessions: 1 });
    await second.disconnect(1006);
    const third = await here.connect(ann);
    expect(await ask(third, 'resume', { session: sessionOf(second) })).toMatchObject({ resumed: false });
    expect(await ask(third, 'resume', { session: resumed.session })).toMatchObject({ resumed: false });
  });

  it.each([
    ['another user', { ...ann, userId: 'eve' }],
    ['another device', { ...ann, deviceId: 'tablet' }],
  ])('has nothing of it as %s, and the owner still has', async (_who, stranger) => {
    await using parts = await start();
    const { here } = parts;
    const before = await here.connect(ann);
    await ask(before, 'join_room', { room: 'chat:1' });
    await before.disconnect(1006);
    const thief = await here.connect(stranger);
    expect(await ask(thief, 'resume', { session: sessionOf(before) })).toMatchObject({ resumed: false, rooms: {} });
    expect(thief.connection.rooms).toEqual([]);
    const owner = await here.connect(ann);
    expect(await ask(owner, 'resume', { session: sessionOf(before) })).toMatchObject({ resumed: true });
  });

  it('asks each policy again', async () => {
    await using parts = await start();
    const { here, there } = parts;
    const before = await here.connect(ann);
    await ask(before, 'join_room', { room: 'chat:1' });
    await before.disconnect(1006);
    there.hub.namespaces.define('chat', { policy: { authorizeJoin: () => false } });
    const after = await there.connect(ann);
    expect(await ask(after, 'resume', { session: sessionOf(before) })).toMatchObject({
      resumed: true,
      rooms: { 'chat:1': { error: 'WSC_FORBIDDEN' } },
    });
    expect(after.connection.rooms).toEqual([]);
  });

  it('may be refused by the application, which sees what there was', async () => {
    await using parts = await start();
    const { here } = parts;
    const before = await here.connect(ann);
    await ask(before, 'join_room', { room: 'chat:1' });
    before.connection.metadata.set('tenant', 'a');
    await before.disconnect(1006);
    const seen: unknown[] = [];
    here.hub.hooks.onResume((_connection, session) => {
      seen.push(session);
      return false;
    });
    const after = await here.connect(ann);
    expect(await ask(after, 'resume', { session: sessionOf(before) })).toMatchObject({
      resumed: false,
      reason: 'refused',
    });
    expect(seen).toEqual([{ rooms: ['chat:1'], metadata: { tenant: 'a' } }]);
  });

  it.each([
    ['was kicked', 'kicked'],
    ['lost its rights', 'unauthorized'],
  ] as const)('has nothing again when it %s', async (_why, how) => {
    await using parts = await start();
    const { here } = parts;
    const before = await here.connect(ann);
    await saved(here);
    before.connection.close(how);
    await before.disconnect(1000);
    const after = await here.connect(ann);
    expect(await ask(after, 'resume', { session: sessionOf(before) })).toMatchObject({ resumed: false });
  });

  it('acknowledges what its device had, before the rest of its inbox comes', async () => {
    await using parts = await start();
    const { here } = parts;
    const keep = (data: string) => here.hub.sendToUser('ann', { event: 'news', data }, { durable: true });
    const before = await here.connect(ann);
    await here.clock.advance(5_000);
    const { epoch = '' } = await keep('a');
    await keep('b');
    await before.disconnect(1006);
    const after = await here.connect(ann);
    expect(after.messages).toEqual([]);
    const answer = await ask(after, 'resume', { session: sessionOf(before), inbox: { offset: 1, epoch } });
    expect(answer).toMatchObject({ resumed: true, inbox: { recovered: true } });
    expect(after.messages.map(({ data }) => data)).toEqual(['b']);
    const late = await here.connect({ ...ann, deviceId: 'tablet' });
    expect(await ask(late, 'resume', { session: 'x', inbox: { offset: 9, epoch: 'other' } })).toMatchObject({
      inbox: { recovered: false, reason: 'epoch' },
    });
  });

  it('gets its inbox after 5 s if it does not say what it has', async () => {
    await using parts = await start();
    const { here } = parts;
    await here.hub.sendToUser('ann', { event: 'news' }, { durable: true });
    const client = await here.connect(ann);
    expect(client.messages).toEqual([]);
    await here.clock.advance(5_000);
    expect(client.messages).toHaveLength(1);
  });

  it('must say it in the right form', async () => {
    await using parts = await start();
    const client = await parts.here.connect(ann);
    for (const data of [
      undefined,
      {},
      { session: 1 },
      { session: 'x', rooms: [] },
      { session: 'x', rooms: { r: 1 } },
    ]) {
      expect(await ask(client, 'resume', data)).toBe('WSC_VALIDATION_FAILED');
    }
  });

  it('leaves nothing behind for clients that will not resume', async () => {
    await using parts = await start();
    const { here } = parts;
    const before = await here.connect({ userId: 'ann', deviceId: 'phone' });
    await saved(here);
    await before.disconnect(1006);
    const after = await here.connect(ann);
    expect(await ask(after, 'resume', { session: sessionOf(before) })).toMatchObject({ resumed: false });
  });
});
