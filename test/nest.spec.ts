import { BadRequestException, Controller, Inject, Param, Post } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { Connection, HubService, WscAdapter, WscModule, type MessageContext } from '@nest-wsc/wsc';
import { concat, of, throwError } from 'rxjs';
import { closeApps, startApp, type Platform } from './support/apps.js';
import { refusal, WscClient } from './support/wsc-client.js';

@WebSocketGateway()
class ChatGateway {
  @WebSocketServer() readonly server: HubService | undefined;
  afterInitWith: unknown;

  afterInit(server: unknown): void {
    this.afterInitWith = server;
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('later')
  async later(@MessageBody('name') name: string): Promise<string> {
    return Promise.resolve(`hello ${name}`);
  }

  @SubscribeMessage('nothing')
  nothing(): void {
    return undefined;
  }

  @SubscribeMessage('count')
  count() {
    return of(1, 2, 3);
  }

  @SubscribeMessage('count.iterable')
  async *countIterable(): AsyncGenerator<number> {
    yield* [1, 2];
    await Promise.resolve();
    throw new BadRequestException('enough');
  }

  @SubscribeMessage('count.fail')
  countAndFail() {
    return concat(
      of(1),
      throwError(() => new BadRequestException('enough')),
    );
  }

  @SubscribeMessage('plain')
  plain(connection: Connection, data: unknown, context: MessageContext) {
    return { isConnection: connection instanceof Connection, data, event: context.event };
  }

  @SubscribeMessage('whoami')
  whoAmI(@ConnectedSocket() connection: Connection) {
    return { path: connection.path, id: connection.id };
  }

  @SubscribeMessage('stock.reply')
  stockReply() {
    return { event: 'stock.replied', data: 7 };
  }
}

@WebSocketGateway({ path: 'tenants/:tenant/' })
class TenantGateway {
  @SubscribeMessage('tenant')
  tenant(@ConnectedSocket() connection: Connection) {
    return connection.params['tenant'];
  }
}

@Controller('orders')
class OrdersController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  @Post(':id/ship')
  ship(@Param('id') id: string) {
    return this.hub.broadcast({ event: 'order.shipped', data: { id } });
  }
}

const metadata = {
  imports: [],
  providers: [ChatGateway, TenantGateway],
  controllers: [OrdersController],
};

afterEach(closeApps);

describe.each<Platform>(['express', 'fastify'])('an application on %s', (platform) => {
  const start = () => startApp({ ...metadata, platform, imports: [WscModule.forRoot()] });

  it('answers each request once, whatever the handler returns', async () => {
    const { url } = await start();
    const client = await WscClient.connect(`${url}/ws`);
    expect(await client.request('echo', { a: [1] })).toMatchObject({ type: 'response', code: 200, data: { a: [1] } });
    expect(await client.request('later', { name: 'Ada' })).toMatchObject({ type: 'response', data: 'hello Ada' });
    expect(await client.request('nothing')).toMatchObject({ type: 'response', data: null });
    expect(await client.request('plain', 1)).toMatchObject({ data: { isConnection: true, data: 1, event: 'plain' } });
    expect(await client.request('nobody')).toMatchObject({ type: 'error', error: 'WSC_UNKNOWN_EVENT' });
    expect(client.unheard).toEqual([]);
  });

  it('answers a stream with one answer per value and exactly one last one', async () => {
    const { url } = await start();
    const client = await WscClient.connect(`${url}/ws`);
    client.send({ type: 'request', event: 'count', request_id: 'c' });
    for (const data of [1, 2, 3]) expect(await client.hear({ request_id: 'c' })).toMatchObject({ data, more: true });
    const last = await client.hear({ request_id: 'c' });
    expect(last).toMatchObject({ type: 'response', data: null });
    expect(last).not.toHaveProperty('more');
  });

  it.each(['count.fail', 'count.iterable'])(
    'ends the failing stream of %s with an error that says why',
    async (event) => {
      const { url } = await start();
      const client = await WscClient.connect(`${url}/ws`);
      client.send({ type: 'request', event, request_id: 'c' });
      expect(await client.hear({ request_id: 'c', type: 'error' })).toMatchObject({
        error: 'WSC_VALIDATION_FAILED',
        message: 'enough',
      });
    },
  );

  it("speaks Nest's own form with clients written for the stock adapter", async () => {
    const { url } = await start();
    const client = await WscClient.stock(`${url}/ws`);
    client.send({ event: 'stock.reply' });
    expect(await client.hear({ event: 'stock.replied' })).toEqual({ event: 'stock.replied', data: 7 });
    client.send({ event: 'later', data: { name: 'Ada' } });
    expect(await client.hearWhere((message) => message === 'hello Ada')).toBe('hello Ada');
    client.send({ event: 'nobody' });
    expect(await client.hear({ event: 'exception' })).toMatchObject({
      data: { status: 'error', error: 'WSC_UNKNOWN_EVENT' },
    });
  });

  it('serves several paths, with parameters', async () => {
    const { url } = await start();
    const client = await WscClient.connect(`${url}/tenants/acme`);
    expect(await client.request('tenant')).toMatchObject({ data: 'acme' });
    expect(await client.request('echo')).toMatchObject({ error: 'WSC_UNKNOWN_EVENT' });
    expect(await refusal(`${url}/nowhere`)).toMatchObject({ status: 404, body: { statusCode: 404 } });
  });

  it('lets controllers send, beside their HTTP routes', async () => {
    const { url, httpUrl } = await start();
    const client = await WscClient.connect(`${url}/ws`);
    const answer = await fetch(`${httpUrl}/orders/7/ship`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ queued: 1, dropped: 0 });
    expect(await client.hear({ event: 'order.shipped' })).toMatchObject({ type: 'notify', data: { id: '7' } });
  });

  it('tells by an ordinary GET what an upgrade would get', async () => {
    const { httpUrl } = await start();
    expect((await fetch(`${httpUrl}/ws`)).status).toBe(204);
    expect((await fetch(`${httpUrl}/tenants/acme`)).status).toBe(204);
    const refused = await fetch(`${httpUrl}/ws`, { headers: { Origin: 'https://evil.example' } });
    expect([refused.status, await refused.json()]).toMatchObject([403, { statusCode: 403 }]);
    expect((await fetch(`${httpUrl}/nowhere`)).status).toBe(404);
  });

  it('gives `@WebSocketServer()` and `afterInit` the HubService', async () => {
    const { app } = await start();
    const gateway = app.get(ChatGateway);
    expect(gateway.server).toBe(app.get(HubService));
    expect(gateway.afterInitWith).toBe(app.get(HubService));
  });

  it('takes the adapter from `app.useWebSocketAdapter` as well', async () => {
    const prepare = (app: Parameters<NonNullable<Parameters<typeof startApp>[0]['prepare']>>[0]) => {
      app.useWebSocketAdapter(new WscAdapter(app));
    };
    const { url } = await startApp({ ...metadata, platform, imports: [WscModule.forRoot()], prepare });
    const client = await WscClient.connect(`${url}/ws`);
    expect(await client.request('echo', 1)).toMatchObject({ data: 1 });
  });

  it('attaches without any gateway, for built-in events and sends', async () => {
    const { app, url } = await startApp({ platform, imports: [WscModule.forRoot({ path: '/live' })] });
    const client = await WscClient.connect(`${url}/live`);
    await app.get(HubService).broadcast({ event: 'news', data: 1 });
    expect(await client.hear({ event: 'news' })).toMatchObject({ data: 1 });
  });
});
