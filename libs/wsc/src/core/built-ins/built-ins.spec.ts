import { WscError } from '@nest-wsc/protocol';
import { MemoryRevocationList } from '../../access/memory-revocation-list.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TestHub, type TestClient } from '../../testing/test-hub.js';
import type { Principal } from '../connect/principal.js';
import type { Authenticator, RevocationList } from '../ports/access.js';
import { withResolver } from '../async/with-resolver.js';

const forbidden = { type: 'error', error: 'WSC_FORBIDDEN', message: 'This is not allowed.' };
const invalidName = { type: 'error', error: 'WSC_INVALID_NAME' };

describe('join_room, leave_room, subscribe and unsubscribe', () => {
  it('answer with the room and its members, and that nothing can be recovered', async () => {
    await using test = await TestHub.start();
    test.hub.namespaces.define('chat', { joinable: true });
    const [ann, bob] = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'bob' })];
    expect(await ann.request('join_room', { room: 'chat:1' })).toMatchObject({ data: { room: 'chat:1', members: 1 } });
    expect(await ann.request('subscribe', { room: 'chat:2' })).toMatchObject({ data: { room: 'chat:2', members: 0 } });
    const recover = { offset: 1, epoch: 'e' };
    expect(await bob.request('join_room', { room: 'chat:1', recover })).toMatchObject({
      data: { room: 'chat:1', members: 2, recovered: false, reason: 'disabled' },
    });
    expect(await bob.request('leave_room', { room: 'chat:1' })).toMatchObject({ data: { room: 'chat:1' } });
    expect(await ann.request('unsubscribe', { room: 'chat:2' })).toMatchObject({ data: { room: 'chat:2' } });
    expect(await ann.request('leave_room', { room: 'chat:9' })).toMatchObject({ data: { room: 'chat:9' } });
    expect([ann.connection.rooms, bob.connection.rooms]).toEqual([['chat:1'], []]);
  });

  it.each(['join_room', 'subscribe'])(
    '%s asks the policy, and says the same of a room that is not there',
    async (event) => {
      await using test = await TestHub.start();
      test.hub.namespaces.define('open', {
        joinable: true,
        policy: { authorizeJoin: (_, room) => room !== 'open:no' },
      });
      test.hub.namespaces.define('closed', {});
      test.hub.namespaces.define('asked', { policy: { authorizeJoin: async ({ userId }) => userId === 'ann' } });
      test.hub.namespaces.define('broken', { policy: { authorizeJoin: () => Promise.reject(new Error('secret')) } });
      test.hub.createRoom('closed:there');
      test.hub.createRoom('undeclared:there');
      const [ann, bob] = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'bob' })];
      for (const room of [
        'open:no',
        'closed:there',
        'closed:missing',
        'undeclared:there',
        'undeclared:missing',
        'asked:1',
      ])
        expect(await bob.request(event, { room })).toMatchObject(forbidden);
      expect(await bob.request(event, { room: 'broken:1' })).toMatchObject({ error: 'WSC_INTERNAL' });
      for (const room of ['open:yes', 'asked:1'])
        expect(await ann.request(event, { room })).toMatchObject({ type: 'response' });
      expect(bob.connection.rooms).toEqual([]);
    },
  );

  it.each(['join_room', 'leave_room', 'subscribe', 'unsubscribe', 'room_message', 'presence', 'history'])(
    '%s takes a missing name and a wrong name, of whatever kind, for WSC_INVALID_NAME',
    async (event) => {
      await using test = await TestHub.start();
      const client = await test.connect({ userId: 'ann' });
      const wrong = [
        undefined,
        null,
        7,
        'chat:1',
        [],
        {},
        { room: 7 },
        { room: '' },
        { room: ['chat:1'] },
        { room: { room: 'a' } },
        { room: 'a b' },
      ];
      for (const data of wrong) expect(await client.request(event, data)).toMatchObject(invalidName);
    },
  );
});

describe('room_message', () => {
  it('goes to the members with what the server knows of its sender, to the sender only as an echo', async () => {
    await using test = await TestHub.start();
    test.hub.namespaces.define('chat', { joinable: true });
    const principal = { userId: 'ann', name: 'Ann', claims: {} };
    const [ann, tab, bob] = [
      await test.connect({ principal }),
      await test.connect({ principal }),
      await test.connect({ userId: 'bob' }),
    ];
    for (const client of [ann, tab, bob]) await client.request('join_room', { room: 'chat:1' });
    const forged = { room: 'chat:1', data: { text: 'Hi' }, from: 'eve', from_name: 'Eve', id: 'mine', user_id: 'eve' };
    const answer = await ann.request('room_message', forged);
    const [message] = bob.messages;
    expect(message).toEqual({
      type: 'notify',
      event: 'room_message',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      data: { text: 'Hi' },
      from: 'ann',
      fromName: 'Ann',
      room: 'chat:1',
      timestamp: test.clock.now(),
    });
    expect(answer).toMatchObject({ data: { id: message?.id } });
    expect([ann.messages.length, tab.messages.length]).toEqual([0, 1]);
    await ann.request('room_message', { room: 'chat:1', data: 2, echo: true });
    await ann.request('room_message', { room: 'chat:1', echo: 'yes' });
    expect([ann.messages.map(({ data }) => data), bob.messages.map(({ data }) => data)]).toEqual([
      [2],
      [{ text: 'Hi' }, 2, null],
    ]);
  });

  it('is for members whom the namespace or its policy lets, and no others', async () => {
    await using test = await TestHub.start();
    test.hub.namespaces.define('chat', {
      joinable: true,
      policy: { authorizePublish: ({ userId }) => userId !== 'muted' },
    });
    test.hub.namespaces.define('news', { joinable: true, memberPublish: false });
    const [member, muted, subscriber, stranger] = [
      await test.connect({ userId: 'ann' }),
      await test.connect({ userId: 'muted' }),
      await test.connect({ userId: 'sub' }),
      await test.connect({ userId: 'stranger' }),
    ];
    for (const client of [member, muted]) await client.request('join_room', { room: 'chat:1' });
    await subscriber.request('subscribe', { room: 'chat:1' });
    await member.request('join_room', { room: 'news:1' });
    await member.connection.join('undeclared');
    for (const client of [muted, subscriber, stranger])
      expect(await client.request('room_message', { room: 'chat:1' })).toMatchObject(forbidden);
    for (const room of ['news:1', 'undeclared', 'chat:missing'])
      expect(await member.request('room_message', { room })).toMatchObject(forbidden);
    expect(await member.request('room_message', { room: 'chat:1' })).toMatchObject({ type: 'response' });
  });

  it('keeps its order however long a policy takes', async () => {
    await using test = await TestHub.start();
    const slow = withResolver<boolean>();
    const answers: Promise<boolean>[] = [slow.promise, Promise.resolve(true)];
    test.hub.namespaces.define('chat', { joinable: true, policy: { authorizePublish: () => answers.shift() ?? true } });
    const [ann, bob] = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'bob' })];
    for (const client of [ann, bob]) await client.request('join_room', { room: 'chat:1' });
    for (const data of [1, 2, 3])
      await ann.send({ type: 'notify', event: 'room_message', data: { room: 'chat:1', data } });
    slow.resolve(true);
    await test.settle();
    expect(bob.messages.map(({ data }) => data)).toEqual([1, 2, 3]);
  });
});

describe('chat', () => {
  it('is off until the application allows it, and never for anonymous connections', async () => {
    await using test = await TestHub.start();
    const [ann, nobody] = [await test.connect({ userId: 'ann' }), await test.connect()];
    await test.connect({ userId: 'bob' });
    expect(await ann.request('chat', { to: 'bob', data: 1 })).toMatchObject(forbidden);
    test.hub.authorizeChat = async (_, to) => to !== 'enemy';
    for (const to of ['enemy']) expect(await ann.request('chat', { to })).toMatchObject(forbidden);
    expect(await nobody.request('chat', { to: 'bob' })).toMatchObject(forbidden);
    for (const data of [undefined, 'bob', {}, { to: 7 }, { to: 'a b' }, { to: '' }])
      expect(await ann.request('chat', data)).toMatchObject(invalidName);
    expect(await ann.request('chat', { to: 'absent', data: 1 })).toMatchObject({ type: 'response' });
  });

  it("goes to all devices of the user and to the sender's others, with one id", async () => {
    await using test = await TestHub.start();
    test.hub.authorizeChat = () => true;
    const [phone, laptop, bob, tablet] = [
      await test.connect({ userId: 'ann' }),
      await test.connect({ userId: 'ann' }),
      await test.connect({ userId: 'bob' }),
      await test.connect({ userId: 'bob' }),
    ];
    const answer = await phone.request('chat', { to: 'bob', data: 'Hi', from: 'eve' });
    const message = { event: 'chat', data: 'Hi', from: 'ann', to: 'bob' };
    for (const client of [laptop, bob, tablet]) expect(client.messages).toEqual([expect.objectContaining(message)]);
    expect([phone.messages, answer]).toEqual([[], expect.objectContaining({ data: { id: bob.messages[0]?.id } })]);
    await phone.request('chat', { to: 'ann', data: 'note' });
    expect([phone, laptop, bob].map(({ messages }) => messages.length)).toEqual([0, 2, 1]);
  });
});

describe('presence, history and resume', () => {
  it('tell members who is there, where the namespace has presence', async () => {
    await using test = await TestHub.start();
    test.hub.namespaces.define('chat', { joinable: true, presence: true });
    test.hub.namespaces.define('quiet', { joinable: true });
    test.hub.namespaces.define('watched', {
      presence: true,
      policy: { authorizePresence: ({ userId }) => userId === 'ann' },
    });
    const [ann, tab, bob] = [
      await test.connect({ userId: 'ann', deviceId: 'phone' }),
      await test.connect({ userId: 'ann', deviceId: 'phone' }),
      await test.connect({ userId: 'bob' }),
    ];
    for (const client of [ann, tab, bob]) await client.request('join_room', { room: 'chat:1' });
    const since = test.clock.now();
    await ann.request('join_room', { room: 'quiet:1' });
    expect(await ann.request('presence', { room: 'chat:1' })).toMatchObject({
      data: {
        users: [
          { user_id: 'ann', devices: 1, since },
          { user_id: 'bob', devices: 1, since },
        ],
        count: 2,
      },
    });
    for (const room of ['quiet:1', 'chat:2', 'missing'])
      expect(await ann.request('presence', { room })).toMatchObject(forbidden);
    expect(await ann.request('presence', { room: 'watched:1' })).toMatchObject({ data: { users: [], count: 0 } });
    expect(await bob.request('presence', { room: 'watched:1' })).toMatchObject(forbidden);
    expect(await ann.request('history', { room: 'chat:1' })).toMatchObject({
      data: { messages: [], complete: false, reason: 'disabled' },
    });
    expect(await ann.request('history', { room: 'chat:2' })).toMatchObject(forbidden);
    expect(await ann.request('resume', { session: 's' })).toMatchObject({
      data: { resumed: false, reason: 'unknown', rooms: {}, inbox: {} },
    });
  });

  it('are unknown where they are switched off', async () => {
    const off = {
      rooms: false,
      roomMessage: false,
      chat: false,
      presence: false,
      history: false,
      resume: false,
      refreshToken: false,
    };
    await using test = await TestHub.start({ options: { builtIns: off } });
    const client = await test.connect({ userId: 'ann' });
    for (const event of [
      'join_room',
      'subscribe',
      'room_message',
      'chat',
      'presence',
      'history',
      'resume',
      'refresh_token',
    ])
      expect(await client.request(event, {})).toMatchObject({ error: 'WSC_UNKNOWN_EVENT' });
  });
});

/** Knows the tokens that a test has made. */
class TokenBook implements Authenticator {
  readonly principals = new Map<string, Principal>();
  beforeAnswer: Promise<unknown> = Promise.resolve();

  authenticate({ token = '' }: { readonly token: string | undefined }): Principal | undefined {
    return this.principals.get(token);
  }

  async verify(token: string): Promise<Principal> {
    await this.beforeAnswer;
    const principal = this.principals.get(token);
    if (principal === undefined) throw new WscError('WSC_UNAUTHORIZED');
    return principal;
  }
}

describe('refresh_token', () => {
  const clock = new FakeClock();
  const hour = 3_600_000;

  async function open(revocations: RevocationList = new MemoryRevocationList({ clock })) {
    const tokens = new TokenBook();
    const test = await TestHub.start({
      options: { userTypes: ['agent', 'admin'], heartbeatIntervalMs: 0 },
      dependencies: { authenticator: tokens, revocations },
    });
    const now = test.clock.now();
    const ann = { userId: 'ann', userType: 'agent', name: 'Ann', claims: {} };
    tokens.principals.set('first', { ...ann, expiresAt: now + hour, tokenId: 't1' });
    tokens.principals.set('next', { ...ann, name: 'Ann B.', expiresAt: now + 2 * hour, tokenId: 't2' });
    tokens.principals.set('endless', { ...ann });
    tokens.principals.set('other', { ...ann, userId: 'bob' });
    tokens.principals.set('bot', { ...ann, userType: 'bot' });
    tokens.principals.set('revoked', { ...ann, tokenId: 'gone' });
    await revocations.revoke('gone', now + hour);
    const client = await test.connect({ headers: { authorization: 'Bearer first' } });
    return { test, tokens, client, now };
  }

  it('goes on with the new claims and the new expiry', async () => {
    const { test, client, now } = await open();
    expect(await client.request('refresh_token', { token: 'next' })).toMatchObject({
      data: { expires_at: now + 2 * hour },
    });
    expect(client.connection.name).toBe('Ann B.');
    await test.clock.advance(hour + 5_000);
    expect(client.closedWith).toBeUndefined();
    expect(await client.request('refresh_token', { token: 'endless' })).toMatchObject({ data: { expires_at: null } });
    await test.clock.advance(5 * hour);
    expect(client.closedWith).toBeUndefined();
  });

  it.each(['other', 'bot', 'revoked'])(
    'with a token that is of another, not allowed or revoked (%s) answers and closes with 4501',
    async (token) => {
      const { test, client } = await open();
      await client.send({ type: 'request', event: 'refresh_token', request_id: 'r', data: { token } });
      expect(client.received.slice(1)).toEqual([
        expect.objectContaining({ requestId: 'r', error: 'WSC_UNAUTHORIZED' }),
      ]);
      expect([client.closedWith?.code, client.connection.name, test.hub.stats().errors]).toEqual([4501, 'Ann', 1]);
    },
  );

  it('with a token that is revoked while the list is asked closes too', async () => {
    const revoked = new Set<string>();
    const asked = withResolver<undefined>();
    const { test, client } = await open({
      revoke: (id) => void revoked.add(id),
      isRevoked: async (id) => {
        const isRevoked = revoked.has(id);
        if (id === 't2') await asked.promise;
        return isRevoked;
      },
    });
    await client.send({ type: 'request', event: 'refresh_token', request_id: 'r', data: { token: 'next' } });
    expect(await test.hub.revokeToken('next')).toBe(0);
    asked.resolve(undefined);
    await test.settle();
    expect(client.received.at(-1)).toMatchObject({ requestId: 'r', error: 'WSC_UNAUTHORIZED' });
    expect(client.closedWith?.code).toBe(4501);
  });

  it('answers in the form that it was asked in', async () => {
    const { client } = await open();
    await client.send({ event: 'refresh_token', data: { token: 'other' } });
    expect(client.link.writes.at(-1)?.toString()).toContain('"event":"exception"');
    expect(client.closedWith?.code).toBe(4501);
  });

  it('with a token that can not be verified is refused, and the connection goes on', async () => {
    const { client } = await open();
    expect(await client.request('refresh_token', { token: 'broken' })).toMatchObject({ error: 'WSC_UNAUTHORIZED' });
    for (const data of [undefined, {}, { token: 7 }])
      expect(await client.request('refresh_token', data)).toMatchObject({ error: 'WSC_VALIDATION_FAILED' });
    expect([client.closedWith, client.connection.name]).toEqual([undefined, 'Ann']);
  });

  it('is forbidden on an anonymous connection and where no authenticator is', async () => {
    const { test } = await open();
    const nobody = await test.connect();
    expect(await nobody.request('refresh_token', { token: 'next' })).toMatchObject(forbidden);
  });

  it('authorises again the rooms that the client has joined, not those of the application', async () => {
    const { test, client } = await open();
    const byName = { authorizeJoin: ({ name }: TestClient['connection']) => name === 'Ann' };
    test.hub.namespaces.define('a', { policy: byName });
    test.hub.namespaces.define('b', { joinable: true });
    for (const room of ['a:mine', 'b:mine']) await client.request('join_room', { room });
    await client.connection.join('a:given');
    await client.request('refresh_token', { token: 'next' });
    expect(client.connection.rooms).toEqual(['b:mine', 'a:given']);
    expect(client.messages.map(({ event, data }) => [event, data])).toEqual([
      ['room_closed', { room: 'a:mine', reason: 'forbidden' }],
    ]);
  });

  it('leaves nothing to watch on a connection that ended meanwhile', async () => {
    const { test, tokens, client } = await open();
    const verified = withResolver<undefined>();
    tokens.beforeAnswer = verified.promise;
    await client.send({ type: 'notify', event: 'refresh_token', data: { token: 'next' } });
    await client.disconnect();
    verified.resolve(undefined);
    await test.settle();
    expect(test.clock.timerCount).toBe(0);
  });
});
