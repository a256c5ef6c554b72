import { createClient, type WscClient } from '@nest-wsc/client';
import { callAsAdmin, gatewayEnvironment, webSocketUrl } from './support/gateway-users.js';
import { GatewayProcess } from './support/gateway-process.js';
import { signToken } from './support/jwt.js';
import { startRedis } from './support/redis/redis-server.js';
import { until } from './support/until.js';

// A gateway starts three times here, on a machine that may be busy.
jest.setTimeout(180_000);

const messageCount = 500;
const devices = ['phone', 'tablet'] as const;
const patience = { patienceMs: 60_000, everyMs: 20 } as const;

/** One device of Ann's, and what it got: events of the application and the offsets at which they stand. */
class Device {
  readonly heard: unknown[] = [];
  readonly offsets: number[] = [];
  readonly client: WscClient;

  private constructor(client: WscClient) {
    this.client = client;
    client.on('invoice', (data, { offset }) => {
      this.heard.push(data);
      this.offsets.push(offset ?? NaN);
    });
  }

  static async connect(gateway: GatewayProcess, deviceId: string): Promise<Device> {
    const device = new Device(createClient(webSocketUrl(gateway), { token: await signToken('ann'), deviceId }));
    await device.client.connect();
    return device;
  }
}

it('two devices that were away get 500 durable messages each, once and in order, across a restart of Redis and the gateway', async () => {
  await using redis = await startRedis({ config: { appendonly: 'yes', appendfsync: 'always' } });
  const start = (): Promise<GatewayProcess> =>
    // Away for longer than that, a client has no session any more: an hour is not different.
    GatewayProcess.start({ ...gatewayEnvironment, REDIS_URL: redis.url, WSC_RESUME_WINDOW_MS: '1000' });
  const inboxOf = async (gateway: GatewayProcess): Promise<unknown> =>
    (await callAsAdmin(gateway, '/api/users/ann/inbox')).body;

  // Both are known from now on; then both are away.
  const before = await start();
  for (const deviceId of devices) await (await Device.connect(before, deviceId)).client.close();
  for (let index = 0; index < messageCount; index += 1) {
    const body = { event: 'invoice', data: index, durable: true };
    expect(await callAsAdmin(before, '/api/users/ann/messages', { body })).toMatchObject({ status: 200 });
  }
  expect(await before.stop('SIGTERM')).toBe(0);
  await redis.kill();
  await redis.restart({ keepData: true });

  await using after = await start();
  expect(await inboxOf(after)).toEqual({ messages: messageCount, dead_letters: 0 });
  const expected = Array.from({ length: messageCount }, (_, index) => index);
  for (const [index, deviceId] of devices.entries()) {
    const startedAt = performance.now();
    const { client, heard, offsets } = await Device.connect(after, deviceId);
    await until(
      () => heard.length,
      (count) => count >= messageCount,
      patience,
    );
    console.info(
      `The ${deviceId} has ${String(heard.length)} messages after ${(performance.now() - startedAt).toFixed(0)} ms.`,
    );
    expect(heard).toEqual(expected);
    expect(offsets).toEqual(expected.map((each) => each + 1));
    // The first one has acknowledged them, and they wait for the other; then they wait for nobody.
    const left = index === devices.length - 1 ? 0 : messageCount;
    await until(
      () => inboxOf(after),
      (inbox) => (inbox as { readonly messages: number }).messages === left,
      patience,
    );
    await client.close();
  }
});
