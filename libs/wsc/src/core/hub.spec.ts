import { MemoryConnectTokens } from '../access/memory-connect-tokens.js';
import { FakeClock } from '../testing/fake-clock.js';
import { TestHub } from '../testing/test-hub.js';
import type { Principal } from './connect/principal.js';
import type { Connection } from './connections/connection.js';
import { UnreliableBroker } from './hub.fixture.js';

describe('a hub that starts', () => {
  it('takes connections once its broker has started, and starts once', async () => {
    const broker = new UnreliableBroker();
    broker.hold();
    await using test = new TestHub({ dependencies: { broker } });
    const starts = [test.hub.start(), test.hub.start()];
    await expect(test.connect()).rejects.toMatchObject({ statusCode: 503 });
    expect(test.hub.isRunning).toBe(false);
    broker.release();
    await Promise.all(starts);
    expect((await test.connect()).connection.state).toBe('open');
    expect(broker.startCount).toBe(1);
  });
});

describe('a call that nobody awaits', () => {
  it.each<[string, (test: TestHub, connection: Connection) => Promise<unknown>]>([
    ['hub.join', ({ hub }) => hub.join('nobody', 'chat:1')],
    ['hub.leave', ({ hub }) => hub.leave('nobody', 'chat:1')],
    ['hub.deleteRoom', ({ hub }) => hub.deleteRoom('no name')],
    ['hub.disconnectUser', ({ hub }) => hub.disconnectUser('no user')],
    ['hub.isUserOnline', ({ hub }) => hub.isUserOnline('no user')],
    ['hub.revokeToken', ({ hub }) => hub.revokeToken('x')],
    ['hub.verifyToken', ({ hub }) => hub.verifyToken('x')],
    ['connection.join', (_, connection) => connection.join('no name')],
    ['connection.leave', (_, connection) => connection.leave('no name')],
  ])('rejects, and ends nothing: %s', async (_, call) => {
    await using test = await TestHub.start({ dependencies: { authenticator: undefined } });
    const { connection } = await test.connect();
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    try {
      void call(test, connection);
      // Node tells of a rejection that nobody handled when the microtasks of the turn are done.
      await new Promise(setImmediate);
      expect(unhandled).not.toHaveBeenCalled();
      expect(test.hub.stats().errors).toBe(1);
      await expect(call(test, connection)).rejects.toMatchObject({ name: 'WscError' });
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });
});

describe('a connect token', () => {
  it('is made for a principal only: what no guard has set is told apart, and not shown', async () => {
    const connectTokens = new MemoryConnectTokens({}, { clock: new FakeClock() });
    await using test = await TestHub.start({ dependencies: { connectTokens } });
    const issue = (json: string) => {
      const request: { readonly principal: Principal } = JSON.parse(json);
      return test.hub.issueConnectToken(request.principal);
    };
    await expect(issue('{"principal":{"userId":"ann","claims":{}}}')).resolves.toMatchObject({ expiresIn: 30 });
    const expected = 'Expected issueConnectToken to get the principal of a user ({ userId, claims }), got';
    await expect(issue('{}')).rejects.toThrow(`${expected} undefined. Did a guard`);
    await expect(issue('{"principal":"a.b.c"}')).rejects.toThrow(`${expected} string.`);
    await expect(issue('{"principal":{"sub":"ann"}}')).rejects.toThrow(`${expected} an object without a valid`);
  });
});
