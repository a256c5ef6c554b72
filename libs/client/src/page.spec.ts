import { FakePage } from './testing/fake-page.js';
import { FakeScheduler } from './testing/fake-scheduler.js';
import { closeAll, next, startClient } from './testing/start-client.js';

afterEach(closeAll);

async function startInPage() {
  const page = new FakePage();
  const scheduler = new FakeScheduler();
  return { page, scheduler, ...(await startClient({ page, scheduler, reconnect: { stableAfterMs: 1 } })) };
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
    await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.upgrades).toHaveLength(1);
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
    const { page, scheduler, client, gateway } = await startInPage();
    await client.close();
    for (const event of ['offline', 'online', 'pagehide', 'pageshow'] as const) page.emit(event);
    page.hide();
    page.show();
    expect(scheduler.pendingMs).toEqual([]);
    expect(gateway.upgrades).toHaveLength(1);
  });
});
