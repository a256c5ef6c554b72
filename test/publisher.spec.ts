import { Inject, Injectable } from '@nestjs/common';
import { WscPublisher, type RedisOptions } from '@nest-wsc/publisher';
import { WscPublisherModule } from '@nest-wsc/publisher/nest';
import { WscModule } from '@nest-wsc/wsc';
import { closeApps, startApp, type RunningApp } from './support/apps.js';
import { bearer, jwtSecret } from './support/jwt.js';
import { startCluster } from './support/redis/redis-cluster.js';
import { startRedis } from './support/redis/redis-server.js';
import { WscClient } from './support/wsc-client.js';

/** A service without sockets, as it is written with Nest. */
@Injectable()
class Orders {
  constructor(@Inject(WscPublisher) readonly publisher: WscPublisher) {}
}

const gateway = (redis: RedisOptions): Promise<RunningApp> =>
  startApp({
    imports: [WscModule.forRoot({ redis, jwt: { secret: jwtSecret }, namespaces: { chat: { joinable: true } } })],
  });

const connect = async ({ url }: RunningApp, userId: string, userType = 'customer'): Promise<WscClient> =>
  WscClient.connect(`${url}/ws`, { headers: await bearer(userId, { user_type: userType }) });

/** Where a suite runs, and what ends it. */
interface Place extends AsyncDisposable {
  readonly redis: RedisOptions;
}

const places: readonly [string, () => Promise<Place>][] = [
  [
    'one Redis',
    async () => {
      const redis = await startRedis();
      return { redis: redis.url, [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]() };
    },
  ],
  [
    'a Redis Cluster',
    async () => {
      const cluster = await startCluster();
      return {
        redis: { cluster: cluster.clientConfig },
        [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
      };
    },
  ],
];

describe.each(places)('a service that publishes to two gateways on %s', (_, startPlace) => {
  let place: Place;
  let publisher: WscPublisher;
  let ann: WscClient;
  let bob: WscClient;

  beforeAll(async () => {
    place = await startPlace();
    const [one, two] = await Promise.all([gateway(place.redis), gateway(place.redis)]);
    const service = await startApp({
      imports: [WscPublisherModule.forRoot({ redis: place.redis })],
      providers: [Orders],
    });
    ({ publisher } = service.app.get(Orders));
    ann = await connect(one, 'ann');
    bob = await connect(two, 'bob', 'admin');
  }, 60_000);

  afterAll(async () => {
    await closeApps();
    await place[Symbol.asyncDispose]();
  });

  it('reaches everyone', async () => {
    const { id } = await publisher.broadcast({ event: 'news', data: { n: 1 } });
    const expected = { type: 'notify', event: 'news', data: { n: 1 }, id };
    expect(await ann.hear({ event: 'news' })).toMatchObject(expected);
    expect(await bob.hear({ event: 'news' })).toMatchObject(expected);
  });

  it('reaches a user on the gateway where the user is, and is told of one gateway', async () => {
    const { nodes } = await publisher.notify('bob', { title: 'Shipped', body: 'On its way' });
    expect(await bob.hear({ event: 'notification' })).toMatchObject({ data: { title: 'Shipped' } });
    expect(nodes).toBe(1);
    await publisher.broadcast({ event: 'after' });
    await ann.hear({ event: 'after' });
    expect(ann.unheard).not.toContainEqual(expect.objectContaining({ event: 'notification' }));
  });

  it('reaches the members of a room on both', async () => {
    await ann.request('join_room', { room: 'chat:1' });
    await bob.request('join_room', { room: 'chat:1' });
    const { nodes } = await publisher.toRoom('chat:1', { event: 'room_message', data: 'hello' });
    expect(await ann.hear({ event: 'room_message' })).toMatchObject({ room: 'chat:1', data: 'hello' });
    expect(await bob.hear({ event: 'room_message' })).toMatchObject({ room: 'chat:1', data: 'hello' });
    expect(nodes).toBe(2);
  });

  it('reaches one user type only', async () => {
    await publisher.toUserType('admin', { event: 'for-admins' });
    await bob.hear({ event: 'for-admins' });
    await publisher.dataUpdate({ entity: 'order', action: 'updated', id: 17 });
    expect(await ann.hear({ event: 'data_update' })).toMatchObject({ data: { entity: 'order', id: 17 } });
    expect(ann.unheard).not.toContainEqual(expect.objectContaining({ event: 'for-admins' }));
  });

  it('is told that nobody is there', async () => {
    expect(await publisher.notify('nobody', { title: 'a', body: 'b' })).toEqual({ id: expect.any(String), nodes: 0 });
  });
});

describe('a Nest service with the publisher', () => {
  afterEach(() => closeApps());

  it('takes its options from other providers, and closes the publisher with the application', async () => {
    await using redis = await startRedis();
    const { app } = await startApp({
      imports: [WscPublisherModule.forRootAsync({ useFactory: async () => ({ redis: redis.url }) })],
      providers: [Orders],
    });
    const { publisher } = app.get(Orders);
    expect(publisher.isReady).toBe(true);
    await closeApps();
    await expect(publisher.broadcast({ event: 'e' })).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
  });

  it('starts without Redis and says so once, in one line', async () => {
    const redis = await startRedis();
    await redis[Symbol.asyncDispose]();
    const { app, log } = await startApp({ imports: [WscPublisherModule.forRoot({ redis: redis.url })] });
    const publisher = app.get(WscPublisher);
    expect(publisher.isReady).toBe(false);
    await expect(publisher.broadcast({ event: 'e' })).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect(log.of('warn').filter((line) => line.includes('Redis'))).toHaveLength(1);
  });
});
