import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Idempotent, WscModule } from '@nest-wsc/wsc';
import { closeApps, startApp } from './support/apps.js';
import { bearer, jwtSecret } from './support/jwt.js';
import { startRedis } from './support/redis/redis-server.js';
import { until } from './support/until.js';
import { WscClient } from './support/wsc-client.js';

afterEach(closeApps);

describe('a request with an id whose node goes away before it has answered', () => {
  /** What has begun, on all nodes. */
  const begun: string[] = [];

  /** The first time that it is asked it never answers. */
  function work(event: string): unknown {
    begun.push(event);
    return begun.filter((each) => each === event).length > 1 ? 'done' : new Promise(() => undefined);
  }

  @WebSocketGateway({ path: '/ws' })
  class Gateway {
    @SubscribeMessage('unmarked')
    unmarked(): unknown {
      return work('unmarked');
    }

    @Idempotent({})
    @SubscribeMessage('refuse')
    refuse(): unknown {
      return work('refuse');
    }

    @Idempotent({ onLost: 'rerun' })
    @SubscribeMessage('rerun')
    rerun(): unknown {
      return work('rerun');
    }
  }

  it('runs again on another where its handler is marked so, and not elsewhere', async () => {
    await using redis = await startRedis();
    const imports = () => [WscModule.forRoot({ redis: { url: redis.url }, jwt: { secret: jwtSecret }, drainMs: 50 })];
    const [going, staying] = [
      await startApp({ imports: imports(), providers: [Gateway] }),
      await startApp({ imports: imports(), providers: [Gateway] }),
    ];
    const events = ['unmarked', 'refuse', 'rerun'];
    const connect = async (url: string) =>
      WscClient.connect(`${url}/ws?device_id=phone`, { headers: await bearer('ann') });
    const send = (client: WscClient) => {
      for (const event of events) client.send({ type: 'request', event, request_id: event, id: event });
    };
    send(await connect(going.url));
    await until(
      () => begun.length,
      (count) => count === events.length,
    );
    await going.app.close();
    const second = await connect(staying.url);
    send(second);
    const answers = await Promise.all(events.map(async (event) => second.hear({ request_id: event })));
    expect(answers).toMatchObject([
      { error: 'WSC_CONFLICT', details: 'unknown' },
      { error: 'WSC_CONFLICT', details: 'unknown' },
      { type: 'response', data: 'done' },
    ]);
    expect(begun).toEqual([...events, 'rerun']);
    // Before their Redis.
    await closeApps();
  });
});
