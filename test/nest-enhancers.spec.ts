import {
  ArgumentMetadata,
  CanActivate,
  ExecutionContext,
  Injectable,
  NestInterceptor,
  PipeTransform,
  StandardSchemaValidationPipe,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type CallHandler,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Connection, CurrentMessage, Handshake, HubService, MessageContext } from '@nest-wsc/wsc';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { map, of, type Observable } from 'rxjs';
import { z } from 'zod';
import { closeApps } from './support/apps.js';
import { startConnected } from './support/connected-app.js';

afterEach(closeApps);

describe('guards, interceptors and pipes', () => {
  const seen: string[] = [];

  /** One of each kind, which write down that they ran and what they saw of the context. */
  function enhancers(where: string) {
    @Injectable()
    class Guard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const { getClient, getData, getPattern } = bound(context);
        seen.push(`guard ${where} ${context.getType()} ${context.getHandler().name} ${getPattern()}`);
        // Bound to the class, it runs at the handshake too.
        return (getClient() instanceof Connection || getClient() instanceof Handshake) && getData() !== 'stop';
      }
    }
    @Injectable()
    class Interceptor implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        seen.push(`interceptor ${where}`);
        return next.handle().pipe(map((value) => `${String(value)} ${where}`));
      }
    }
    @Injectable()
    class Pipe implements PipeTransform {
      transform(value: unknown, { type }: ArgumentMetadata): unknown {
        seen.push(`pipe ${where} ${type}`);
        return value;
      }
    }
    return { Guard, Interceptor, Pipe };
  }

  function bound(context: ExecutionContext) {
    const ws = context.switchToWs();
    return {
      getClient: (): unknown => ws.getClient(),
      getData: (): unknown => ws.getData(),
      getPattern: () => ws.getPattern(),
    };
  }

  const onMethod = enhancers('method');
  const onClass = enhancers('class');
  const byToken = enhancers('app');
  const byCall = enhancers('use');

  @WebSocketGateway()
  @UseGuards(onClass.Guard)
  @UseInterceptors(onClass.Interceptor)
  @UsePipes(onClass.Pipe)
  class Gateway {
    @SubscribeMessage('all')
    @UseGuards(onMethod.Guard)
    @UseInterceptors(onMethod.Interceptor)
    @UsePipes(onMethod.Pipe)
    all(@ConnectedSocket() connection: Connection, @MessageBody() data: unknown): unknown {
      seen.push(`handler ${String(connection instanceof Connection)}`);
      return data;
    }

    @SubscribeMessage('stream')
    @UseInterceptors(onMethod.Interceptor)
    stream() {
      return of(1, 2);
    }
  }

  const start = () =>
    startConnected({
      providers: [
        Gateway,
        { provide: APP_GUARD, useClass: byToken.Guard },
        { provide: APP_INTERCEPTOR, useClass: byToken.Interceptor },
        { provide: APP_PIPE, useClass: byToken.Pipe },
      ],
      prepare: (app) => {
        app.useGlobalGuards(new byCall.Guard());
        app.useGlobalInterceptors(new byCall.Interceptor());
        app.useGlobalPipes(new byCall.Pipe());
      },
    });

  it('run in the order of Nest, wherever they are bound, and leave the connection alone', async () => {
    const { client } = await start();
    seen.length = 0;
    expect(await client.request('all', 'x')).toMatchObject({ type: 'response', data: 'x method class use app' });
    expect(seen).toEqual([
      'guard app ws all all',
      'guard use ws all all',
      'guard class ws all all',
      'guard method ws all all',
      'interceptor app',
      'interceptor use',
      'interceptor class',
      'interceptor method',
      'pipe app body',
      'pipe use body',
      'pipe class body',
      'pipe method body',
      'handler true',
    ]);
  });

  it('refuse with WSC_FORBIDDEN before anything else has run', async () => {
    const { client } = await start();
    seen.length = 0;
    expect(await client.request('all', 'stop')).toMatchObject({ type: 'error', code: 403, error: 'WSC_FORBIDDEN' });
    expect(seen).toEqual(['guard app ws all all']);
  });

  it('see each value of a stream, which stays a stream', async () => {
    const { client } = await start();
    client.send({ type: 'request', event: 'stream', request_id: 's' });
    expect(await client.hear({ request_id: 's' })).toMatchObject({ data: '1 method class use app', more: true });
    expect(await client.hear({ request_id: 's' })).toMatchObject({ data: '2 method class use app', more: true });
    expect(await client.hear({ request_id: 's' })).toMatchObject({ data: null });
  });

  it('guard the built-in events too, with the event as pattern', async () => {
    const { client } = await start();
    seen.length = 0;
    expect(await client.request('join_room', { room: 'x' })).toMatchObject({ error: 'WSC_FORBIDDEN' });
    expect(seen).toEqual([
      'guard app ws builtInEvent join_room',
      'guard use ws builtInEvent join_room',
      'guard class ws builtInEvent join_room',
    ]);
  });
});

describe('validation', () => {
  class Item {
    @IsString() readonly name: string = '';
  }
  class Order {
    @IsInt() readonly amount: number = 0;
    @ValidateNested({ each: true }) @Type(() => Item) readonly items: readonly Item[] = [];
    @IsString({ message: 'Say who.' }) readonly who: string = 'somebody';
  }
  const schema = z.object({ to: z.object({ city: z.string() }) });

  @WebSocketGateway()
  class Gateway {
    @SubscribeMessage('dto')
    dto(@MessageBody() order: Order) {
      return order instanceof Order;
    }

    @SubscribeMessage('undecorated')
    undecorated(_connection: unknown, order: Order) {
      return order instanceof Order;
    }

    @SubscribeMessage('grouped')
    @UsePipes(new ValidationPipe({ errorFormat: 'grouped' }))
    grouped(@MessageBody() order: Order) {
      return order.amount;
    }

    @SubscribeMessage('schema')
    @UsePipes(new StandardSchemaValidationPipe())
    schema(@MessageBody({ schema }) data: z.infer<typeof schema>) {
      return data;
    }
  }

  const start = () =>
    startConnected({
      providers: [Gateway],
      prepare: (app) => app.useGlobalPipes(new ValidationPipe({ transform: true })),
    });
  const bad = { amount: 'x', items: [{ name: 'a' }, { name: 1 }], who: 5 };

  it('passes what is right, as an instance of its class', async () => {
    const { client } = await start();
    expect(await client.request('dto', { amount: 1, items: [{ name: 'a' }] })).toMatchObject({ data: true });
    expect(await client.request('schema', { to: { city: 'Ulm', zip: 1 } })).toMatchObject({
      data: { to: { city: 'Ulm' } },
    });
  });

  it.each(['dto', 'undecorated'])('says for %s which field is wrong and why, nested ones by path', async (event) => {
    const { client } = await start();
    expect(await client.request(event, bad)).toMatchObject({
      type: 'error',
      code: 400,
      error: 'WSC_VALIDATION_FAILED',
      details: {
        amount: ['amount must be an integer number'],
        'items.1.name': ['items.1.name must be a string'],
        data: ['Say who.'],
      },
    });
  });

  it('names the field of custom texts too, where the pipe groups them', async () => {
    const { client } = await start();
    // The global pipe would answer first.
    const { client: grouped } = await startConnected({ providers: [Gateway] });
    expect(await grouped.request('grouped', bad)).toMatchObject({
      details: { who: ['Say who.'], 'items.1.name': [expect.any(String)] },
    });
    await client.close();
  });

  it('reads the issues of a Standard Schema', async () => {
    const { client } = await start();
    const answer = await client.request('schema', { to: {} });
    expect(answer).toMatchObject({ error: 'WSC_VALIDATION_FAILED', details: { 'to.city': [expect.any(String)] } });
  });
});

describe('parameters', () => {
  @WebSocketGateway()
  class Gateway {
    @SubscribeMessage('ack')
    ack(@MessageBody() data: unknown, @Ack() ack: (answer: unknown) => void): void {
      setImmediate(() => ack({ acked: data }));
    }

    @SubscribeMessage('message')
    message(@CurrentMessage() message: MessageContext) {
      return { event: message.event, isAborted: message.signal.aborted, hasTrace: message.traceId.length };
    }

    @SubscribeMessage('field')
    field(@MessageBody('constructor') field: unknown) {
      return field ?? 'nothing';
    }
  }

  it('answer by `@Ack()`, give the message, and never what the client did not send', async () => {
    const { client, app } = await startConnected({ providers: [Gateway] });
    expect(await client.request('ack', 5)).toMatchObject({ type: 'response', data: { acked: 5 } });
    expect(await client.request('message')).toMatchObject({
      data: { event: 'message', isAborted: false, hasTrace: 32 },
    });
    expect(await client.request('field', {})).toMatchObject({ data: 'nothing' });
    expect(app.get(HubService).stats.runningHandlers).toBe(0);
  });
});
