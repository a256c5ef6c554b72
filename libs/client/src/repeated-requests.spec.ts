import { errorCatalogue, type ErrorName } from '@nest-wsc/protocol';
import type { ScriptedConnection } from './testing/scripted-connection.js';
import { closeAll, createTestClient, startClient } from './testing/start-client.js';

afterEach(closeAll);

/** Refuses the next request. */
async function refuse(connection: ScriptedConnection, error: ErrorName, details: unknown): Promise<void> {
  const { requestId } = await connection.request();
  const { code, message } = errorCatalogue[error];
  const told = { error, code, message, details, retryAfterMs: 250, traceId: 't1', timestamp: 1 };
  connection.send({ type: 'error', form: 'wsc', requestId, ...told });
}

describe('a request that the client sends again', () => {
  it.each(['WSC_UNAVAILABLE', 'WSC_LIMIT_EXCEEDED', 'WSC_TIMEOUT', 'WSC_FORBIDDEN'] as const)(
    'and that is refused then with %s has an unknown outcome: what was sent before may have taken effect',
    async (error) => {
      const { client, gateway, connection } = await startClient();
      const answer = client.request('order.place', 1, { idempotent: true });
      await connection.request();
      connection.cut();
      await refuse(await gateway.connections.next(), error, { queue: 'full' });
      const details = { queue: 'full', outcome: 'unknown' };
      await expect(answer).rejects.toMatchObject({ error, details, retryAfterMs: 250, cause: { traceId: 't1' } });
    },
  );

  it('and that is refused with a list says so, too', async () => {
    const { client, gateway, connection } = await startClient();
    const answer = client.request('order.place', 1, { idempotent: true });
    await connection.request();
    connection.cut();
    await refuse(await gateway.connections.next(), 'WSC_VALIDATION_FAILED', ['amount']);
    await expect(answer).rejects.toMatchObject({ details: { refusal: ['amount'], outcome: 'unknown' } });
  });

  it('and that is too large for the next gateway has an unknown outcome', async () => {
    const { client, gateway } = await createTestClient({}, { welcomes: false });
    void client.connect();
    const answer = client.request('order.place', 'x'.repeat(500), { idempotent: true });
    const first = await gateway.connections.next();
    first.welcome();
    await first.request();
    first.cut();
    (await gateway.connections.next()).welcome({ maxMessageBytes: 100 });
    await expect(answer).rejects.toMatchObject({ error: 'WSC_MESSAGE_TOO_LARGE', details: { outcome: 'unknown' } });
  });
});

describe('a request that was sent once', () => {
  it('and put off fails with what the gateway says: it took no effect', async () => {
    const { client, connection } = await startClient();
    const answer = client.request('order.place', 1, { idempotent: true });
    await refuse(connection, 'WSC_UNAVAILABLE', { queue: 'full' });
    await expect(answer).rejects.toHaveProperty('details', { queue: 'full' });
  });
});
