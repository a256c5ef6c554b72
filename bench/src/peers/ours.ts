import 'reflect-metadata';
import type { Server } from 'node:net';
import { Inject, Module, UseGuards, UseInterceptors, UsePipes, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HubService, WscModule, type Connection } from '@nest-wsc/wsc';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { OrderDto, OrderGuard, OrderInterceptor } from './order.js';
import { keptNamespace, portOf, readOptions, secret } from './server-options.js';
import { serve } from './serve.js';
import {
  pace,
  publish,
  publishNumbered,
  type NumberCommand,
  type PaceCommand,
  type PublishCommand,
} from './workload.js';

const { compression = false, flushDelayMs = 0, anonymous = false, recovery = false, redisUrl } = readOptions();

/** The product as an application uses it: module, gateway, hub, with tokens checked. */
@WebSocketGateway({ path: '/ws' })
class BenchGateway {
  readonly #hub: HubService;

  constructor(@Inject(HubService) hub: HubService) {
    this.#hub = hub;
  }

  @SubscribeMessage('join')
  async join(@MessageBody() room: string, @ConnectedSocket() connection: Connection): Promise<string> {
    await connection.join(room);
    return room;
  }

  @SubscribeMessage('publish')
  publish(@MessageBody() command: PublishCommand): number {
    return publish(command, (data) => void this.#hub.sendToRoom(command.room, { event: 'message', data }));
  }

  @SubscribeMessage('pace')
  pace(@MessageBody() command: PaceCommand): Promise<number> {
    return pace(command, (data) => void this.#hub.sendToRoom(command.room, { event: 'message', data }));
  }

  @SubscribeMessage('number')
  number(@MessageBody() command: NumberCommand): Promise<number> {
    return publishNumbered(command, (room, data) => this.#hub.sendToRoom(room, { event: 'message', data }));
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @UseGuards(OrderGuard)
  @UseInterceptors(OrderInterceptor)
  @UsePipes(new ValidationPipe())
  @SubscribeMessage('order')
  order(@MessageBody() order: OrderDto): unknown {
    return { accepted: order.item };
  }
}

@Module({
  imports: [
    WscModule.forRoot({
      ...(anonymous ? { auth: 'none' } : { auth: 'required', jwt: { secret } }),
      compression,
      flushDelayMs,
      maxConnections: 0,
      // One client here sends what thousands would.
      messagesPerSecond: 0,
      namespaces: {
        feed: { backpressure: 'drop-oldest' },
        ...(recovery && { [keptNamespace]: { joinable: true, history: true } }),
      },
      // Not what the environment says.
      redis: redisUrl ?? false,
    }),
  ],
  providers: [BenchGateway],
})
class BenchModule {}

const app = await NestFactory.create(BenchModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const server: Server = app.getHttpServer();
serve(portOf(server));
