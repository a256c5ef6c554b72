import {
  BadRequestException,
  Catch,
  ConflictException,
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  Inject,
  InternalServerErrorException,
  NotFoundException,
  PayloadTooLargeException,
  RequestTimeoutException,
  ServiceUnavailableException,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { HubService, WscError, WscModule } from '@nest-wsc/wsc';
import { closeApps, startApp } from './support/apps.js';
import { jwtSecret } from './support/jwt.js';
import { startConnected } from './support/connected-app.js';

afterEach(closeApps);

describe('exceptions', () => {
  const thrown: Record<string, () => unknown> = {
    wsc: () => new WscError('WSC_CONFLICT', { message: 'Taken.', details: { by: 'Ada' } }),
    400: () => new BadRequestException('Not like this.'),
    401: () => new UnauthorizedException(),
    403: () => new ForbiddenException(),
    404: () => new NotFoundException(),
    408: () => new RequestTimeoutException(),
    409: () => new ConflictException(),
    413: () => new PayloadTooLargeException(),
    418: () => new HttpException('I am a teapot', 418),
    429: () => new HttpException({ message: 'Slowly.', retryAfter: 2 }, 429),
    500: () => new InternalServerErrorException('password=hunter2'),
    503: () => new ServiceUnavailableException(),
    text: () => new WsException('Not now.'),
    named: () => new WsException({ error: 'WSC_CONFLICT', message: 'Twice.' }),
    unknown: () => new Error('password=hunter2'),
    notError: () => ({ password: 'hunter2' }),
  };

  @WebSocketGateway()
  class Gateway {
    @SubscribeMessage('throw')
    fail(@MessageBody() name: string): never {
      throw thrown[name]?.();
    }
  }

  it.each([
    ['wsc', 'WSC_CONFLICT', { code: 409, message: 'Taken.' }],
    ['400', 'WSC_VALIDATION_FAILED', { code: 400, message: 'Not like this.' }],
    ['401', 'WSC_UNAUTHORIZED', { code: 401, message: 'Unauthorized' }],
    ['403', 'WSC_FORBIDDEN', { code: 403, message: 'Forbidden' }],
    ['404', 'WSC_NOT_FOUND', { code: 404, message: 'Not Found' }],
    ['408', 'WSC_TIMEOUT', { code: 408, message: 'Request Timeout' }],
    ['409', 'WSC_CONFLICT', { code: 409, message: 'Conflict' }],
    ['413', 'WSC_MESSAGE_TOO_LARGE', { code: 413, message: 'Payload Too Large' }],
    ['418', 'WSC_VALIDATION_FAILED', { code: 400, message: 'I am a teapot' }],
    ['429', 'WSC_LIMIT_EXCEEDED', { code: 429, message: 'Slowly.' }],
    ['500', 'WSC_INTERNAL', { code: 500, message: 'Internal error.' }],
    ['503', 'WSC_UNAVAILABLE', { code: 503, message: 'Service Unavailable' }],
    ['text', 'WSC_VALIDATION_FAILED', { code: 400, message: 'Not now.' }],
    ['named', 'WSC_CONFLICT', { code: 409, message: 'Twice.' }],
    ['unknown', 'WSC_INTERNAL', { code: 500, message: 'Internal error.' }],
    ['notError', 'WSC_INTERNAL', { code: 500, message: 'Internal error.' }],
  ])('%s becomes %s', async (name, error, rest) => {
    const { client } = await startConnected({ providers: [Gateway] });
    const answer = await client.request('throw', name);
    expect(answer).toMatchObject({ type: 'error', error, ...rest });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    if (name === '429') expect(answer).toMatchObject({ retry_after_ms: 2000 });
  });

  const body = { code: 'E_STOCK', reason: 'sold out', sku: 7 };

  @WebSocketGateway()
  class BodyGateway {
    @SubscribeMessage('object')
    object(): never {
      throw new WsException(body);
    }

    @SubscribeMessage('list')
    list(): never {
      throw new WsException(['a: must be a string', 'b should not exist']);
    }

    @SubscribeMessage('cycle')
    cycle(): never {
      const cyclic: { self?: unknown } = {};
      cyclic.self = cyclic;
      throw new WsException(cyclic);
    }

    @SubscribeMessage('details')
    details(): never {
      throw new WscError('WSC_CONFLICT', { message: 'Taken.', details: { by: 'Ada' } });
    }
  }

  it('keep the body that a WsException was given: as details, and in the stock form as it is', async () => {
    const { client } = await startConnected({ providers: [BodyGateway] });
    const base = { type: 'error', error: 'WSC_VALIDATION_FAILED', message: 'The data is not valid.' };
    expect(await client.request('object')).toMatchObject({ ...base, details: body });
    expect(await client.request('list')).toMatchObject({
      ...base,
      details: { a: ['a: must be a string'.slice(3)], b: ['b should not exist'] },
    });
    client.send({ event: 'object' });
    expect(await client.hear({ event: 'exception' })).toEqual({ event: 'exception', data: body });
    client.send({ event: 'list' });
    expect(await client.hear({ event: 'exception' })).toEqual({
      event: 'exception',
      data: ['a: must be a string', 'b should not exist'],
    });
  });

  it('say no more in the stock form than can be written, and their details too', async () => {
    const { client } = await startConnected({ providers: [BodyGateway] });
    client.send({ event: 'cycle' });
    expect(await client.hear({ event: 'exception' })).toMatchObject({
      event: 'exception',
      data: { error: 'WSC_VALIDATION_FAILED' },
    });
    client.send({ event: 'details' });
    expect(await client.hear({ event: 'exception' })).toEqual({
      event: 'exception',
      data: { status: 'error', message: 'Taken.', code: 409, error: 'WSC_CONFLICT', details: { by: 'Ada' } },
    });
  });

  it('are logged once with the trace id where the client must not see them', async () => {
    const { client, log } = await startConnected({ providers: [Gateway] });
    const { trace_id: traceId } = await client.request('throw', 'unknown');
    expect(log.of('error')).toHaveLength(1);
    expect(log.of('error')[0]).toContain(String(traceId));
    expect(log.of('error')[0]).toContain('password=hunter2');
  });
});

describe('exception filters', () => {
  class Known extends Error {}
  class Other extends Error {}

  @Catch(Known)
  class ToData implements ExceptionFilter {
    catch(_exception: Known, host: ArgumentsHost): unknown {
      return { handled: host.getType(), data: host.switchToWs().getData<unknown>() };
    }
  }
  @Catch(Other)
  class ToError implements ExceptionFilter {
    catch(): never {
      throw new ConflictException('By the filter.');
    }
  }
  @Catch()
  class HttpOnly implements ExceptionFilter {
    catch(_exception: unknown, host: ArgumentsHost): void {
      host.switchToHttp().getResponse<{ status(code: number): void }>().status(500);
    }
  }

  @WebSocketGateway()
  class Gateway {
    @SubscribeMessage('known')
    known(): never {
      throw new Known();
    }

    @SubscribeMessage('other')
    other(): never {
      throw new Other();
    }

    @UseFilters(ToError)
    @SubscribeMessage('bound')
    bound(): never {
      throw new Other();
    }

    @SubscribeMessage('missing')
    missing(): never {
      throw new NotFoundException('No such order.');
    }
  }

  it('answer for gateways, bound to the method or to the whole application', async () => {
    const { client } = await startConnected({
      providers: [Gateway, { provide: APP_FILTER, useClass: ToData }],
      prepare: (app) => app.useGlobalFilters(new ToError()),
    });
    expect(await client.request('known', 1)).toMatchObject({ type: 'response', data: { handled: 'ws', data: 1 } });
    expect(await client.request('other')).toMatchObject({ error: 'WSC_CONFLICT', message: 'By the filter.' });
    expect(await client.request('bound')).toMatchObject({ error: 'WSC_CONFLICT', message: 'By the filter.' });
  });

  it('written for HTTP do no harm', async () => {
    const { client, log } = await startConnected({ providers: [Gateway, { provide: APP_FILTER, useClass: HttpOnly }] });
    expect(await client.request('missing')).toMatchObject({ type: 'error', message: 'No such order.' });
    expect(log.of('warn').join()).toContain('host.getType()');
  });
});

describe.each(['express', 'fastify'] as const)('a WscError that leaves a controller on %s', (platform) => {
  class TokenGuard implements CanActivate {
    constructor(@Inject(HubService) private readonly hub: HubService) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      const { headers } = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
      await this.hub.verifyToken(headers.authorization ?? '');
      return true;
    }
  }

  @Controller()
  class OrdersController {
    constructor(@Inject(HubService) private readonly hub: HubService) {}

    @Get('guarded')
    @UseGuards(TokenGuard)
    guarded(): string {
      return 'never';
    }

    @Get('bad-room')
    badRoom() {
      return this.hub.sendToRoom('a b', { event: 'x' });
    }
  }

  const options = { jwt: { secret: jwtSecret } };
  const get = async (url: string) => {
    const response = await fetch(url);
    const body: unknown = await response.json();
    return [response.status, body];
  };

  it("is answered by Nest's own filter with the number of the catalogue", async () => {
    const setup = { platform, controllers: [OrdersController] };
    const { httpUrl } = await startApp({ ...setup, imports: [WscModule.forRoot(options)] });
    expect(await get(`${httpUrl}/guarded`)).toEqual([401, { statusCode: 401, message: expect.any(String) }]);
    expect(await get(`${httpUrl}/bad-room`)).toEqual([
      400,
      { statusCode: 400, message: expect.stringContaining('room') },
    ]);
    const off = await startApp({ ...setup, imports: [WscModule.forRoot({ ...options, enabled: false })] });
    expect(await get(`${off.httpUrl}/guarded`)).toMatchObject([
      503,
      { message: expect.stringContaining('WSC_ENABLED') },
    ]);
  });

  it('may be answered by a filter with its name, and is not logged then', async () => {
    @Catch(WscError)
    class WscErrorFilter extends BaseExceptionFilter {
      override catch(error: WscError, host: ArgumentsHost): void {
        if (host.getType() !== 'http') throw error;
        const { statusCode, error: name, message, details } = error;
        super.catch(new HttpException({ statusCode, error: name, message, details }, statusCode), host);
      }
    }
    const { httpUrl, log } = await startApp({
      platform,
      imports: [WscModule.forRoot(options)],
      controllers: [OrdersController],
      providers: [{ provide: APP_FILTER, useClass: WscErrorFilter }],
    });
    expect(await get(`${httpUrl}/guarded`)).toMatchObject([401, { statusCode: 401, error: 'WSC_UNAUTHORIZED' }]);
    expect(log.of('error')).toEqual([]);
  });
});
