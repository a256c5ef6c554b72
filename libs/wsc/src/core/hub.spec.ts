import { MemoryConnectTokens } from '../access/memory-connect-tokens.js';
import { FakeClock } from '../testing/fake-clock.js';
import { TestHub } from '../testing/test-hub.js';
import type { Principal } from './connect/principal.js';
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
