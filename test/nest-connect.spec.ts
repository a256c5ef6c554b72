import {
  ForbiddenException,
  HttpException,
  Inject,
  Injectable,
  InternalServerErrorException,
  Scope,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  clientOf,
  Connection,
  ConnectionMeta,
  CurrentUser,
  Handshake,
  HubService,
  JwtConnectGuard,
  OnConnect,
  OnDisconnect,
  OnWscEvent,
  RoomPolicy,
  WscError,
  WscInterceptor,
  WscMiddleware,
  WscModule,
  WscUpgradeMiddleware,
  type DisconnectReason,
  type HubEvent,
  type InboundMessage,
  type MessageContext,
  type OutboundMessage,
  type Principal,
  type WscModuleOptions,
} from '@nest-wsc/wsc';
import { closeApps, startApp, type AppOptions } from './support/apps.js';
import { bearer, jwtSecret } from './support/jwt.js';
import { refusal, WscClient } from './support/wsc-client.js';

afterEach(closeApps);

const jwt = { secret: jwtSecret };

async function start(options: AppOptions & { readonly wsc?: WscModuleOptions }) {
  const { wsc, ...metadata } = options;
  const running = await startApp({ ...metadata, imports: [WscModule.forRoot(wsc)] });
  return { ...running, url: `${running.url}/ws`, hub: running.app.get(HubService) };
}

describe('connect guards', () => {
  const seen: string[] = [];
  let verdict: () => boolean = () => true;

  @Injectable()
  class Guard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const client = clientOf(context);
      const kind = client instanceof Handshake ? 'handshake' : 'connection';
      seen.push(`${kind} ${context.getClass().name} ${context.getHandler().name} ${context.switchToWs().getPattern()}`);
      client?.metadata.set('guarded', true);
      return verdict();
    }
  }

  @WebSocketGateway()
  class ByMethod {
    @UseGuards(Guard)
    @OnConnect()
    hello(@ConnectionMeta('guarded') guarded: unknown): void {
      seen.push(`body ${String(guarded)}`);
    }

    @SubscribeMessage('echo')
    echo(@MessageBody() data: unknown) {
      return data;
    }
  }

  @UseGuards(Guard)
  @WebSocketGateway()
  class ByClass {
    @SubscribeMessage('echo')
    echo(@MessageBody() data: unknown) {
      return data;
    }
  }

  beforeEach(() => {
    seen.length = 0;
    verdict = () => true;
  });

  it('on an @OnConnect method run before the 101, its body after it and before the first message', async () => {
    const { url } = await start({ providers: [ByMethod] });
    const client = await WscClient.connect(url);
    expect(seen).toEqual(['handshake ByMethod hello $handshake', 'body true']);
    await client.request('echo');
    expect(seen).toHaveLength(2);
  });

  it('on a gateway class run at the handshake and for each message', async () => {
    const { url } = await start({ providers: [ByClass] });
    const client = await WscClient.connect(url);
    await client.request('echo');
    expect(seen).toEqual(['handshake ByClass ByClass $handshake', 'connection ByClass echo echo']);
  });

  it('given as an option run for every connection, as classes with DI or as objects', async () => {
    const { url } = await start({ wsc: { connectGuards: [Guard, new Guard()] } });
    await WscClient.connect(url);
    expect(seen).toHaveLength(2);
  });

  it('of the whole application run at the handshake only where that is asked for', async () => {
    const providers = [{ provide: APP_GUARD, useClass: Guard }];
    await WscClient.connect((await start({ providers })).url);
    expect(seen).toEqual([]);
    await WscClient.connect((await start({ providers, wsc: { connect: { globalGuards: true } } })).url);
    expect(seen).toHaveLength(1);
  });

  it('may be request-scoped: the scope is the handshake', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class ScopedGuard implements CanActivate {
      constructor(@Inject(REQUEST) private readonly owner: unknown) {}

      canActivate(context: ExecutionContext): boolean {
        return this.owner === clientOf(context);
      }
    }
    @UseGuards(ScopedGuard)
    @WebSocketGateway()
    class Gateway {
      @SubscribeMessage('echo')
      echo(@MessageBody() data: unknown) {
        return data;
      }
    }
    const { url } = await start({ providers: [Gateway] });
    const client = await WscClient.connect(url);
    expect(await client.request('echo', 1)).toMatchObject({ data: 1 });
  });

  it.each<[string, () => boolean, { readonly statusCode: number; readonly message: string }]>([
    ['false', () => false, { statusCode: 403, message: 'Forbidden' }],
    ['a 401', () => fail(new UnauthorizedException('Who are you?')), { statusCode: 401, message: 'Who are you?' }],
    ['a 403', () => fail(new ForbiddenException('Not you.')), { statusCode: 403, message: 'Not you.' }],
    ['another HttpException', () => fail(new HttpException('Pay.', 402)), { statusCode: 402, message: 'Pay.' }],
    [
      'a WscError',
      () => fail(new WscError('WSC_UNAVAILABLE', { retryAfterMs: 1500 })),
      { statusCode: 503, message: 'Not available now. Try again later.' },
    ],
    [
      'a server error',
      () => fail(new InternalServerErrorException('password=hunter2')),
      { statusCode: 500, message: 'Internal error.' },
    ],
    ['an unknown error', () => fail(new Error('password=hunter2')), { statusCode: 500, message: 'Internal error.' }],
  ])('refuse by %s with an HTTP answer', async (_name, decide, body) => {
    const { url } = await start({ providers: [ByMethod] });
    verdict = decide;
    const refused = await refusal(url);
    expect(refused).toMatchObject({ status: body.statusCode, body });
    expect(refused.headers['www-authenticate']).toBe(body.statusCode === 401 ? 'Bearer' : undefined);
    expect(refused.headers['retry-after']).toBe(body.statusCode === 503 ? '2' : undefined);
  });
});

describe('authentication', () => {
  @UseGuards(JwtConnectGuard)
  @WebSocketGateway()
  class Gateway {
    @SubscribeMessage('me')
    me(@CurrentUser() user: Principal, @CurrentUser('userId') userId: string) {
      return { userId, type: user.userType };
    }
  }

  it('by token comes before guards, and gives the principal to handlers', async () => {
    const { url, hub } = await start({ providers: [Gateway], wsc: { jwt } });
    expect(await refusal(url)).toMatchObject({ status: 401 });
    const client = await WscClient.connect(url, { headers: await bearer('ada', { user_type: 'admin' }) });
    expect(await client.request('me')).toMatchObject({ data: { userId: 'ada', type: 'admin' } });
    expect(await hub.isUserOnline('ada')).toBe(true);
    expect(await hub.sendToUserType('admin', { event: 'x' })).toMatchObject({ queued: 1 });
    expect(await hub.sendToUserType('agent', { event: 'x' })).toMatchObject({ queued: 0 });
  });

  it('is demanded by JwtConnectGuard where it is optional', async () => {
    const { url } = await start({ providers: [Gateway], wsc: { jwt, auth: 'optional' } });
    expect(await refusal(url)).toMatchObject({ status: 401, body: { message: 'Authentication is needed.' } });
    await WscClient.connect(url, { headers: await bearer('ada') });
  });

  it('by a one-time connect token works once', async () => {
    const { url, hub } = await start({ wsc: { jwt } });
    const { connectToken } = await hub.issueConnectToken({ userId: 'ada', claims: {} });
    await WscClient.connect(`${url}?connect_token=${connectToken}`);
    expect(await refusal(`${url}?connect_token=${connectToken}`)).toMatchObject({ status: 401 });
  });

  it('ends with the token: a revoked one closes its connections with 4501', async () => {
    const { url, hub } = await start({ wsc: { jwt } });
    const headers = await bearer('ada');
    const client = await WscClient.connect(url, { headers });
    expect(await hub.revokeToken(headers.Authorization.slice('Bearer '.length))).toBe(1);
    expect(await client.closed).toMatchObject({ code: 4501 });
    expect(await refusal(url, { headers })).toMatchObject({ status: 401 });
  });
});

describe('connect and disconnect callbacks', () => {
  it('run in order, gateways for their path only, and learn why a connection ended', async () => {
    const seen: string[] = [];

    @WebSocketGateway()
    class Gateway {
      handleConnection(connection: Connection, request: { readonly url?: string }): void {
        seen.push(`stock ${String(connection instanceof Connection)} ${request.url ?? ''}`);
      }

      handleDisconnect(_connection: Connection, reason: DisconnectReason): void {
        seen.push(`stock gone ${String(reason.code)}`);
      }

      @OnConnect()
      async hello(@ConnectedSocket() connection: Connection): Promise<void> {
        await Promise.resolve();
        seen.push(`decorated ${connection.path}`);
      }

      @OnDisconnect()
      bye(@ConnectedSocket() _connection: Connection, @MessageBody() reason: DisconnectReason): void {
        seen.push(`decorated gone ${String(reason.code)} ${reason.initiatedBy}`);
      }
    }

    @WebSocketGateway({ path: '/other' })
    class Other {
      @OnConnect()
      hello(): void {
        seen.push('other');
      }
    }

    @Injectable()
    class Everywhere {
      @OnConnect()
      hello(): void {
        seen.push('everywhere');
      }
    }

    const { url, hub } = await start({ providers: [Gateway, Other, Everywhere] });
    hub.onConnect(() => void seen.push('late callback'));
    const client = await WscClient.connect(`${url}?a=b`);
    expect(seen).toEqual(['stock true /ws?a=b', 'decorated /ws', 'everywhere', 'late callback']);
    seen.length = 0;
    const gone = new Promise((resolve) => hub.onDisconnect(resolve));
    client.socket.close(4711, 'enough');
    await gone;
    expect(seen).toEqual(['stock gone 4711', 'decorated gone 4711 client']);
  });

  it.each([
    ['throws UnauthorizedException', () => fail(new UnauthorizedException()), 4501],
    ['throws ForbiddenException', () => fail(new ForbiddenException()), 4501],
    ['answers false', () => false, 4501],
    ['throws anything else', () => fail(new Error('x')), 1011],
  ])('refuse the connection when one %s', async (_name, decide, code) => {
    @WebSocketGateway()
    class Gateway {
      @OnConnect()
      hello(): unknown {
        return decide();
      }
    }
    const { url } = await start({ providers: [Gateway] });
    const client = await WscClient.open(url);
    expect(await client.closed).toMatchObject({ code });
    expect(client.unheard).toEqual([]);
  });
});

describe('marked providers', () => {
  const seen: unknown[] = [];

  @Injectable()
  class Listener {
    @OnWscEvent('client.connected')
    connected(event: HubEvent): void {
      seen.push(event.name);
    }

    @OnWscEvent('*')
    all(event: HubEvent): never {
      throw new Error(`${event.name} disturbs nobody`);
    }
  }

  @RoomPolicy('team', { presence: true })
  class TeamPolicy implements RoomPolicy {
    authorizeJoin(connection: Connection, room: string): boolean {
      return connection.userId === 'ada' && room === 'team:1';
    }
  }

  @WscInterceptor({ order: 2 })
  class Second implements WscInterceptor {
    inbound(message: InboundMessage): InboundMessage {
      return { ...message, data: `${String(message.data)} second` };
    }
  }

  @WscInterceptor({ order: 1 })
  class First implements WscInterceptor {
    inbound(message: InboundMessage): InboundMessage | undefined {
      return message.data === 'veto' ? undefined : { ...message, data: `${String(message.data)} first` };
    }

    outbound(message: OutboundMessage): OutboundMessage {
      return message.event === 'news' ? { ...message, data: 'rewritten' } : message;
    }
  }

  @WscMiddleware()
  class Onion implements WscMiddleware {
    async use(context: MessageContext, next: () => Promise<unknown>): Promise<unknown> {
      if (context.data === 'refuse') throw new ForbiddenException('By the middleware.');
      const answer = await next();
      return context.event === 'echo' ? `(${String(answer)})` : answer;
    }
  }

  @WscUpgradeMiddleware()
  class UpgradeOnion implements WscUpgradeMiddleware {
    async use(handshake: Handshake, next: () => Promise<unknown>): Promise<unknown> {
      if (handshake.request.query.has('refuse')) throw new HttpException('By the middleware.', 402);
      return next();
    }
  }

  @WebSocketGateway()
  class Gateway {
    @SubscribeMessage('echo')
    echo(@MessageBody() data: unknown) {
      return data;
    }
  }

  const providers = [Gateway, Listener, TeamPolicy, Second, First, Onion, UpgradeOnion];

  it('do what their decorators say', async () => {
    const { url, hub } = await start({ providers, wsc: { jwt } });
    const client = await WscClient.connect(url, { headers: await bearer('ada') });
    expect(await client.request('echo', 'x')).toMatchObject({ data: '(x first second)' });
    expect(await client.request('echo', 'veto')).toMatchObject({ error: 'WSC_FORBIDDEN' });
    expect(await client.request('echo', 'refuse')).toMatchObject({
      error: 'WSC_FORBIDDEN',
      message: 'By the middleware.',
    });
    await hub.broadcast({ event: 'news', data: 1 });
    expect(await client.hear({ event: 'news' })).toMatchObject({ data: 'rewritten' });
    expect(seen).toEqual(['client.connected']);
    expect(await refusal(`${url}?refuse`, { headers: await bearer('ada') })).toMatchObject({ status: 402 });
  });

  it('decide by their policy who joins a room', async () => {
    const { url, hub } = await start({ providers: [TeamPolicy], wsc: { jwt } });
    const ada = await WscClient.connect(url, { headers: await bearer('ada') });
    const bob = await WscClient.connect(url, { headers: await bearer('bob') });
    expect(await ada.request('join_room', { room: 'team:1' })).toMatchObject({
      type: 'response',
      data: { room: 'team:1' },
    });
    expect(await ada.request('join_room', { room: 'team:2' })).toMatchObject({ error: 'WSC_FORBIDDEN' });
    expect(await bob.request('join_room', { room: 'team:1' })).toMatchObject({ error: 'WSC_FORBIDDEN' });
    expect(await hub.roomMembers('team:1')).toMatchObject([{ userId: 'ada', devices: 1 }]);
  });

  it('must be singletons and have what their decorator needs', async () => {
    @WscMiddleware()
    class Nothing {}
    await expect(start({ providers: [Nothing] })).rejects.toThrow('Expected "Nothing" to have use(context, next).');
  });
});

function fail(error: Error): never {
  throw error;
}
