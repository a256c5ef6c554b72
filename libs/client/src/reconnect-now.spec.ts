import type { WscClient } from './client.js';
import { FakeScheduler } from './testing/fake-scheduler.js';
import { closeAll, next, startClient } from './testing/start-client.js';

afterEach(closeAll);

const nextClose = (client: WscClient) =>
  next((listener: Parameters<WscClient['onClose']>[0]) => client.onClose(listener));

describe('a client that waits for its next attempt', () => {
  it('tries again now where it is told to, also where the server asked for a wait', async () => {
    const scheduler = new FakeScheduler();
    const { client, gateway, connection } = await startClient({ scheduler });
    const closed = nextClose(client);
    const data = { code: 1012, reason: 'service restart', reconnect: true, reconnectInMs: 25_000 };
    connection.send({ type: 'goodbye', data });
    connection.close(1012);
    await expect(closed).resolves.toMatchObject({ retryInMs: 25_000 });
    client.reconnectNow();
    await gateway.connections.next();
    expect(scheduler.pendingMs).not.toContain(25_000);
  });

  it('tries again now where it is told to as soon as it hears of the wait', async () => {
    const scheduler = new FakeScheduler();
    const { client, gateway, connection } = await startClient({ scheduler, random: () => 0.5 });
    client.onClose(() => client.reconnectNow());
    connection.cut();
    await gateway.connections.next();
  });
});
