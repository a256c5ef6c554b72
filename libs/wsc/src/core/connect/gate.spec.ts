import { runInNewContext } from 'node:vm';
import { WscError } from '@nest-wsc/protocol';
import { TestHub, type TestClientOptions } from '../../testing/test-hub.js';
import type { Authenticator, ConnectTokens } from '../ports/access.js';
import { Cancellation } from '../async/cancellation.js';
import { withResolver } from '../async/with-resolver.js';
import type { Handshake } from './handshake.js';
import type { Principal } from './principal.js';
import { HandshakeRefusal, refuse } from './refusal.js';

/** Promises that are no `Promise` of ours, as those of other libraries. */
const ForeignPromise = runInNewContext('Promise') as PromiseConstructor;

const forbidden = { statusCode: 403, error: 'Forbidden', message: expect.any(String) as string };

function cancelled(): Cancellation {
  const cancellation = new Cancellation();
  cancellation.cancel(refuse.badRequest('gone'));
  return cancellation;
}

/** The refusal of a handshake; undefined when it is admitted. */
async function refusalOf(test: TestHub, options: TestClientOptions = {}, cancellation = new Cancellation()) {
  try {
    await test.hub.gate.admit(test.request(options), cancellation);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(HandshakeRefusal);
    return error instanceof HandshakeRefusal ? error : undefined;
  }
}

/** Answers what a test says, when it says so. */
class ScriptedAuthenticator implements Authenticator {
  answer: () => Principal | undefined | Promise<Principal | undefined> = () => undefined;

  authenticate(): Principal | undefined | Promise<Principal | undefined> {
    return this.answer();
  }

  verify(): Principal {
    throw new WscError('WSC_UNAUTHORIZED');
  }
}

const ann: Principal = { userId: 'ann', claims: {} };

describe('the gate', () => {
  it('admits with everything that was found out', async () => {
    await using test = await TestHub.start({ paths: ['/ws', '/v/:tenant'] });
    const { handshake, endpoint } = await test.hub.gate.admit(
      test.request({ userId: 'ann', path: '/v/acme', deviceId: 'phone' }),
      new Cancellation(),
    );
    expect(endpoint.pattern).toBe('/v/:tenant');
    expect(handshake).toMatchObject({
      path: '/v/:tenant',
      params: { tenant: 'acme' },
      deviceId: 'phone',
      protocol: 'wsc.v1.json',
      principal: { userId: 'ann' },
    });
    const { handshake: anonymous } = await test.hub.gate.admit(test.request());
    const { principal, deviceId, isDeviceNamed } = anonymous;
    expect([principal, isDeviceNamed]).toEqual([undefined, false]);
    expect(deviceId).toMatch(/^unnamed\.[0-9a-f-]{36}$/);
    const { handshake: again } = await test.hub.gate.admit(test.request({ deviceId }));
    expect(again).toMatchObject({ deviceId, isDeviceNamed: false });
  });

  it('checks in the order of PROTOCOL.md §1.3, each check only once the last has passed', async () => {
    const order: string[] = [];
    const failing = { at: '' };
    const step = (name: string) => {
      order.push(name);
      if (failing.at === name) throw refuse.forbidden(name);
    };
    const authenticator = new ScriptedAuthenticator();
    authenticator.answer = async () => {
      step('authenticate');
      return ann;
    };
    await using test = await TestHub.start({
      dependencies: {
        authenticator,
        origins: {
          isAllowed: async () => {
            step('origin');
            return true;
          },
        },
        addresses: {
          clientAddress: (peer) => peer,
          isAllowed: () => {
            step('address');
            return true;
          },
        },
      },
    });
    test.hub.useUpgrade(async (_, next) => {
      step('middleware in');
      await next();
      step('middleware out');
    });
    test.hub.gate.addConnectGuard(() => step('guard'));
    const whole = ['origin', 'address', 'middleware in', 'authenticate', 'guard', 'middleware out'];
    const options = { headers: { origin: 'https://a.example' } };
    for (const at of whole) {
      failing.at = at;
      order.length = 0;
      expect((await refusalOf(test, options))?.message).toBe(at);
      expect(order).toEqual(whole.slice(0, whole.indexOf(at) + 1));
    }
    order.length = 0;
    expect((await refusalOf(test, { ...options, path: '/elsewhere' }))?.statusCode).toBe(404);
    expect((await refusalOf(test, { ...options, deviceId: 'no name' }))?.statusCode).toBe(400);
    expect(order).toEqual([]);
    failing.at = '';
    expect(await refusalOf(test, options)).toBeUndefined();
  });

  it.each<[string, Principal | undefined, number | undefined]>([
    ['no credential where one is needed', undefined, 401],
    ['a user id that is none', { ...ann, userId: 'a b' }, 401],
    ['an expired token', { ...ann, expiresAt: 1 }, 401],
    ['a revoked token', { ...ann, tokenId: 'revoked' }, 401],
    ['a token that is not revoked', { ...ann, tokenId: 'good', expiresAt: Infinity }, undefined],
    ['a user type that is not allowed', { ...ann, userType: 'bot' }, 403],
    ['a user type that is allowed', { ...ann, userType: 'agent' }, undefined],
    ['no user type', ann, undefined],
  ])('judges %s', async (_, principal, status) => {
    const authenticator = new ScriptedAuthenticator();
    authenticator.answer = () => principal;
    await using test = await TestHub.start({
      options: { auth: 'required', userTypes: ['agent'] },
      dependencies: {
        authenticator,
        revocations: { isRevoked: async (id) => id === 'revoked', revoke: () => undefined },
      },
    });
    expect((await refusalOf(test))?.statusCode).toBe(status);
  });

  it('answers 503 where it can not be decided now, with when to come back', async () => {
    const authenticator = new ScriptedAuthenticator();
    await using test = await TestHub.start({ dependencies: { authenticator } });
    authenticator.answer = () =>
      Promise.reject(new WscError('WSC_UNAVAILABLE', { message: 'secret', retryAfterMs: 1_500 }));
    const refusal = await refusalOf(test);
    expect([refusal?.statusCode, refusal?.headers, refusal?.message]).toEqual([
      503,
      { 'Retry-After': '2' },
      'This can not be decided now.',
    ]);
  });

  it('throws nothing but refusals, and says nothing internal', async () => {
    const authenticator = new ScriptedAuthenticator();
    await using test = await TestHub.start({ dependencies: { authenticator } });
    for (const thrown of [
      new Error('secret'),
      new WscError('WSC_FORBIDDEN', { message: 'secret' }),
      'secret',
      undefined,
    ]) {
      authenticator.answer = () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- an application may throw anything
        throw thrown;
      };
      const refusal = await refusalOf(test);
      expect(refusal?.body).toEqual({ statusCode: 500, error: 'Internal Server Error', message: 'Internal error.' });
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as above
      authenticator.answer = () => Promise.reject(thrown);
      expect((await refusalOf(test))?.statusCode).toBe(500);
    }
    expect(test.logger.messages('error')).toHaveLength(8);
    expect(test.hub.stats().refusedConnections).toBe(8);
  });

  it('takes a refusal with a status that refuses nothing for a fault, and tells the log which', async () => {
    await using test = await TestHub.start();
    let status = 4003;
    test.hub.useUpgrade(() => Promise.reject(new HandshakeRefusal(status, 'No.')));
    for (status of [4003, 99, 101, 200]) expect((await refusalOf(test))?.statusCode).toBe(500);
    expect(test.logger.lines[0]).toMatchObject({
      level: 'error',
      context: { cause: { message: expect.stringContaining('got 4003') as string } },
    });
  });

  it.each<[string, () => boolean | Promise<boolean>, number | undefined]>([
    ['no', () => false, 403],
    ['no later', async () => false, 403],
    ['yes later', async () => true, undefined],
    ['nothing, for it fails', () => Promise.reject(new Error('bug')), 500],
  ])('takes the word of an address policy that says %s', async (_, isAllowed, status) => {
    const addresses = { clientAddress: (peer: string) => peer, isAllowed };
    await using test = await TestHub.start({ dependencies: { addresses } });
    expect((await refusalOf(test))?.statusCode).toBe(status);
  });

  it.each(['origins', 'addresses', 'guard'])('takes a later no for a no, of any promise: %s', async (who) => {
    await using test = await TestHub.start({
      dependencies: {
        origins: { isAllowed: () => (who === 'origins' ? ForeignPromise.resolve(false) : true) },
        addresses: {
          clientAddress: (peer: string) => peer,
          isAllowed: () => (who === 'addresses' ? ForeignPromise.resolve(false) : ForeignPromise.resolve(true)),
        },
      },
    });
    test.hub.gate.addConnectGuard(() => ForeignPromise.resolve(who !== 'guard'));
    expect((await refusalOf(test, { headers: { origin: 'https://a.example' } }))?.statusCode).toBe(403);
  });

  it('knows no credential where authentication is off, and needs one where it is required', async () => {
    const none = await TestHub.start({ options: { auth: 'none' } });
    const { handshake } = await none.hub.gate.admit(none.request({ userId: 'ann' }));
    expect(handshake.principal).toBeUndefined();
    const without = await TestHub.start({ options: { auth: 'required' }, dependencies: { authenticator: undefined } });
    expect((await refusalOf(without, { userId: 'ann' }))?.headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
  });

  it('redeems a connect token once, whoever else authenticates, and not for a mere question', async () => {
    const tokens = new Map([['once', ann]]);
    const connectTokens: ConnectTokens = {
      issue: () => ({ connectToken: 'once', expiresIn: 30 }),
      redeem: (token) => {
        const principal = tokens.get(token);
        tokens.delete(token);
        return principal;
      },
    };
    await using test = await TestHub.start({ options: { auth: 'required' }, dependencies: { connectTokens } });
    const request = { ...test.request(), query: new URLSearchParams({ connect_token: 'once' }) };
    (await test.hub.gate.admit({ ...request, isUpgrade: false })).release();
    const admission = await test.hub.gate.admit(request);
    expect(admission.handshake.principal).toBe(ann);
    admission.release();
    await expect(test.hub.gate.admit(request)).rejects.toMatchObject({ statusCode: 401 });
  });

  it('holds guards to their path, and takes false, a refusal or a failure for no', async () => {
    await using test = await TestHub.start({ paths: ['/ws', '/admin', '/secret', '/broken'] });
    const seen: string[] = [];
    test.hub.gate.addConnectGuard((handshake: Handshake) => void seen.push(handshake.path));
    test.hub.gate.addConnectGuard(() => false, '/admin');
    test.hub.gate.addConnectGuard(() => Promise.reject(new HandshakeRefusal(402, 'Pay.')), '/secret');
    test.hub.gate.addConnectGuard(() => Promise.reject(new Error('bug')), '/broken');
    expect((await refusalOf(test, { path: '/admin' }))?.body).toEqual(forbidden);
    expect((await refusalOf(test, { path: '/secret' }))?.body).toEqual({
      statusCode: 402,
      error: 'Payment Required',
      message: 'Pay.',
    });
    expect((await refusalOf(test, { path: '/broken' }))?.statusCode).toBe(500);
    expect(await refusalOf(test)).toBeUndefined();
    expect(seen).toEqual(['/admin', '/secret', '/broken', '/ws']);
  });

  it.each<[string, (next: () => Promise<unknown>) => unknown]>([
    ['does not go on', () => undefined],
    ['swallows a refusal further in', (next) => next().catch(() => undefined)],
    ['does not wait', (next) => void next().catch(() => undefined)],
  ])('takes middleware that %s for a refusal', async (_, run) => {
    await using test = await TestHub.start({ options: { auth: 'required' } });
    test.hub.useUpgrade((_handshake, next) => run(next));
    expect((await refusalOf(test))?.body).toEqual(forbidden);
  });
});

describe('the places of the gate', () => {
  const forEver = new Promise<never>(() => undefined);

  it('are never more than the limit, however many handshakes come at once', async () => {
    await using test = await TestHub.start({ limits: { maxConnections: 10 } });
    test.hub.gate.addConnectGuard(() => new Promise((resolve) => setImmediate(resolve)));
    const refusals = await Promise.all(Array.from({ length: 100 }, () => refusalOf(test)));
    expect(refusals.filter((refusal) => refusal === undefined)).toHaveLength(10);
    expect(new Set(refusals.map((refusal) => refusal?.statusCode))).toEqual(new Set([undefined, 503]));
  });

  it('are counted per address and per user, and refused with 429 and a Retry-After', async () => {
    await using test = await TestHub.start({ limits: { maxConnectionsPerIp: 3, maxConnectionsPerUser: 2 } });
    test.hub.gate.addConnectGuard(() => new Promise((resolve) => setImmediate(resolve)));
    const refusals = await Promise.all(Array.from({ length: 3 }, () => refusalOf(test, { userId: 'ann' })));
    expect(refusals.map((refusal) => refusal?.message).sort()).toEqual([
      'Too many connections of this user.',
      undefined,
      undefined,
    ]);
    const [bob, cid] = [await refusalOf(test, { userId: 'bob' }), await refusalOf(test, { userId: 'cid' })];
    expect([bob, cid?.statusCode, cid?.message, cid?.headers]).toEqual([
      undefined,
      429,
      'Too many connections from this address.',
      { 'Retry-After': '5' },
    ]);
  });

  it.each<{ when: string; status: number; prepare: (test: TestHub) => void; cancellation: Cancellation }>([
    {
      when: 'a guard says no',
      status: 403,
      prepare: ({ hub }) => hub.gate.addConnectGuard(() => false),
      cancellation: new Cancellation(),
    },
    {
      when: 'a guard hangs',
      status: 503,
      prepare: ({ hub }) => hub.gate.addConnectGuard(() => forEver),
      cancellation: new Cancellation(),
    },
    {
      when: 'middleware hangs',
      status: 503,
      prepare: ({ hub }) => hub.useUpgrade(() => forEver),
      cancellation: new Cancellation(),
    },
    { when: 'the client has gone', status: 400, prepare: () => undefined, cancellation: cancelled() },
  ])('are given back when $when', async ({ status, prepare, cancellation }) => {
    await using test = await TestHub.start({ limits: { maxConnections: 1, maxConnectionsPerUser: 1 } });
    prepare(test);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const refused = refusalOf(test, { userId: 'ann' }, cancellation);
      await test.clock.advance(10_000);
      expect([(await refused)?.statusCode, (await refused)?.message]).not.toEqual([503, 'Too many connections.']);
      expect((await refused)?.statusCode).toBe(status);
    }
    expect([test.hub.gate.pendingCount, test.clock.timerCount, test.logger.messages('error')]).toEqual([0, 0, []]);
  });

  it('are given back even where a check goes on after its time is up', async () => {
    const authenticator = new ScriptedAuthenticator();
    await using test = await TestHub.start({
      options: { devicePolicy: { maxDevices: 1, whenExceeded: 'reject-new' } },
      limits: { maxConnectionsPerUser: 1 },
      dependencies: { authenticator },
    });
    const late = withResolver<Principal>();
    authenticator.answer = () => late.promise;
    const refused = refusalOf(test, { deviceId: 'late' });
    await test.clock.advance(10_000);
    expect((await refused)?.statusCode).toBe(503);
    late.resolve(ann);
    await test.settle();
    authenticator.answer = () => ann;
    expect(await refusalOf(test, { deviceId: 'next' })).toBeUndefined();
  });

  it('are held by what became of a handshake until that ends', async () => {
    await using test = await TestHub.start({ limits: { maxConnectionsPerIp: 2, maxConnectionsPerUser: 1 } });
    const ann = await test.connect({ userId: 'ann' });
    const again = () => test.connect({ userId: 'ann' });
    await expect(again()).rejects.toThrow('Too many connections of this user.');
    await test.connect({ userId: 'bob' });
    await expect(again()).rejects.toThrow('Too many connections from this address.');
    await ann.disconnect();
    await again();
  });

  it('end with the client: a handshake whose client goes away is given up at once, and logs no error', async () => {
    await using test = await TestHub.start();
    test.hub.gate.addConnectGuard(() => new Promise(() => undefined));
    const cancellation = new Cancellation();
    const refused = refusalOf(test, {}, cancellation);
    await test.settle();
    expect(test.hub.gate.pendingCount).toBe(1);
    cancellation.cancel(refuse.badRequest('gone'));
    expect((await refused)?.statusCode).toBe(400);
    expect([test.hub.gate.pendingCount, test.logger.messages('error')]).toEqual([0, []]);
  });

  it('let a user have so many devices under reject-new, even when they come at once, and any tab of a known one', async () => {
    await using test = await TestHub.start({
      options: { devicePolicy: { maxDevices: 1, whenExceeded: 'reject-new' } },
    });
    test.hub.gate.addConnectGuard(() => new Promise((resolve) => setImmediate(resolve)));
    const devices = ['one', 'two', 'three'];
    const refusals = await Promise.all(devices.map((deviceId) => refusalOf(test, { userId: 'ann', deviceId })));
    expect(refusals.map((refusal) => refusal?.statusCode)).toEqual([undefined, 429, 429]);
    expect(await refusalOf(test, { userId: 'ann', deviceId: 'one' })).toBeUndefined();
    expect(await refusalOf(test, { userId: 'bob', deviceId: 'two' })).toBeUndefined();
  });

  it('free a device under reject-new when its last connection ends', async () => {
    await using test = await TestHub.start({
      options: { devicePolicy: { maxDevices: 1, whenExceeded: 'reject-new' } },
    });
    const tabs = [];
    for (let tab = 0; tab < 2; tab += 1) tabs.push(await test.connect({ userId: 'ann', deviceId: 'one' }));
    await tabs[0]?.disconnect();
    expect((await refusalOf(test, { userId: 'ann', deviceId: 'two' }))?.statusCode).toBe(429);
    await tabs[1]?.disconnect();
    expect(await refusalOf(test, { userId: 'ann', deviceId: 'two' })).toBeUndefined();
  });
});
