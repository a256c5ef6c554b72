import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type Claim, Idempotent, type RequestClaims, WscModule } from '@nest-wsc/wsc';
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

describe('a request with an id where the application says which node runs what', () => {
  @WebSocketGateway({ path: '/ws' })
  class Gateway {
    @SubscribeMessage('order')
    order(): string {
      return 'ordered';
    }
  }

  /** Lets each request run that it is asked for the first time. */
  class OwnClaims implements RequestClaims {
    readonly calls: string[] = [];

    claim(...[{ owner }]: Parameters<RequestClaims['claim']>): Claim {
      this.calls.push(`claim of ${owner}`);
      return { status: this.calls.length === 1 ? 'claimed' : 'lost' };
    }

    finish(...[, answer, { windowMs }]: Parameters<RequestClaims['finish']>): void {
      this.calls.push(`finish with ${String(answer)} for ${String(windowMs)} ms`);
    }

    release(): void {
      this.calls.push('release');
    }

    close(): void {
      this.calls.push('close');
    }
  }

  it('runs where the given claims let it, which are closed with the application', async () => {
    const requestClaims = new OwnClaims();
    const module = WscModule.forRoot({ requestClaims, jwt: { secret: jwtSecret }, idempotencyWindowMs: 1_234 });
    const { url } = await startApp({ imports: [module], providers: [Gateway] });
    const client = await WscClient.connect(`${url}/ws?device_id=phone`, { headers: await bearer('ann') });
    const ask = (id: string) => {
      client.send({ type: 'request', event: 'order', request_id: id, id });
      return client.hear({ request_id: id });
    };
    expect(await ask('first')).toMatchObject({ data: 'ordered' });
    expect(await ask('second')).toMatchObject({ error: 'WSC_CONFLICT', details: 'unknown' });
    await closeApps();
    expect(requestClaims.calls).toEqual([
      'claim of ann',
      'finish with ["ordered"] for 1234 ms',
      'claim of ann',
      'close',
    ]);
  });
});
