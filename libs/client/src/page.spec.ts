import { FakePage } from './testing/fake-page.js';
import { FakeScheduler } from './testing/fake-scheduler.js';
import { closeAll, next, startClient } from './testing/start-client.js';

afterEach(closeAll);

// Who is nobody has nothing to resume: no request runs.
const quiet = { isAnonymous: true };

async function startInPage() {
  const page = new FakePage();
  const scheduler = new FakeScheduler();
  return { page, scheduler, ...(await startClient({ page, scheduler, reconnect: { stableAfterMs: 1 } }, quiet)) };
}

describe('in a page', () => {
  it('a hidden tab runs no timers, and asks for a sign of life when it is looked at again', async () => {
    const { page, scheduler, client, connection } = await startInPage();
    scheduler.advance(1);
    page.hide();
    expect(scheduler.pendingMs).toEqual([]);
    page.show();
    expect(scheduler.pendingMs).toEqual([10_000]);
    client.send('marker', 1);
    await connection.envelopes.next();
    expect(connection.pingCount).toBe(1);
    const heard = new Promise((resolve) => client.on('news', resolve));
    connection.notify({});
    await heard;
    scheduler.advance(10_000);
    expect(scheduler.pendingMs).toEqual([30_000]);
  });

  it('that is hidden when the connection opens no timer is begun either', async () => {
    const page = new FakePage();
    page.hide();
    const scheduler = new FakeScheduler();
    await startClient({ page, scheduler, reconnect: { stableAfterMs: 1 } }, quiet);
    scheduler.advance(1);
    expect(scheduler.pendingMs).toEqual([]);
  });

  it('that loses its network the connection is asked for a sign of life', async () => {
    const { page, client, connection } = await startInPage();
    page.emit('offline');
    client.send('marker', 1);
    await connection.envelopes.next();
    expect(connection.pingCount).toBe(1);
  });

  it('a connection that died in a hidden tab is replaced soon after somebody looks', async () => {
    const { page, scheduler, client, gateway, connection } = await startInPage();
    connection.answersPings = false;
    page.hide();
    page.show();
    const closed = next((listener: Parameters<typeof client.onClose>[0]) => client.onClose(listener));
    scheduler.advance(10_000);
    await expect(closed).resolves.toMatchObject({ code: 4002 });
    scheduler.advance(30_000);
    await gateway.connections.next();
  });

  it.each(['online', 'visible'] as const)('a wait is over when the page is %s', async (event) => {
    const { page, client, gateway, connection } = await startInPage();
    const closed = next((listener: Parameters<typeof client.onClose>[0]) => client.onClose(listener));
    connection.cut();
    await closed;
    if (event === 'online') page.emit('online');
    else page.show();
    await gateway.connections.next();
  });

  it('a wait that the server asked for is not', async () => {
    const { page, scheduler, client, gateway, connection } = await startInPage();
    const data = { code: 1012, reason: 'service restart', reconnect: true, reconnectInMs: 2_000 };
    connection.send({ type: 'goodbye', data });
    const closed = next((listener: Parameters<typeof client.onClose>[0]) => client.onClose(listener));
    connection.close(1012);
    await closed;
    page.emit('online');
    expect(scheduler.pendingMs).toEqual([2_000]);
    scheduler.advance(2_000);
    await gateway.connections.next();
  });

  it('without a network the client waits the longest time', async () => {
    const { page, client, connection } = await startInPage();
    page.emit('offline');
    const closed = next((listener: Parameters<typeof client.onClose>[0]) => client.onClose(listener));
    connection.cut();
    await expect(closed).resolves.toMatchObject({ retryInMs: 10 });
  });

  it('that goes away the connection is closed, and opened again when the page is back', async () => {
    const { page, scheduler, client, gateway, connection } = await startInPage();
    const closed = next((listener: Parameters<typeof client.onClose>[0]) => client.onClose(listener));
    page.emit('pagehide');
    await expect(connection.closed).resolves.toBe(1000);
    await closed;
    scheduler.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.state).toBe('reconnecting');
    expect(gateway.upgrades).toHaveLength(1);
    page.emit('pageshow');
    await gateway.connections.next();
    await client.connect();
  });

  it('nothing is heard any more after close()', async () => {
    const { page, client } = await startInPage();
    expect(page.listenerCount).toBeGreaterThan(0);
    await client.close();
    expect(page.listenerCount).toBe(0);
  });
});
