import { TestHub } from '../testing/test-hub.js';
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
