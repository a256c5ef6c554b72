import 'reflect-metadata';
import type { Server } from 'node:net';
import { Module, UseGuards, UseInterceptors, UsePipes, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter, type Socket, type SocketIoServer } from '@nestjs/platform-socket.io';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { createRedisAdapter } from './socket-io-adapter.js';
import { OrderDto, OrderGuard, OrderInterceptor } from './order.js';
import { portOf, readOptions } from './server-options.js';
import { serve } from './serve.js';
import {
  pace,
  publish,
  publishNumbered,
  type NumberCommand,
  type PaceCommand,
  type PublishCommand,
} from './workload.js';

const options = readOptions();
const adapter = await createRedisAdapter(options);

/** Socket.IO behind Nest, over WebSocket only. Nothing is checked at connect. */
@WebSocketGateway({
  transports: ['websocket'],
  perMessageDeflate: options.compression === true,
  ...(adapter !== undefined && { adapter }),
  ...(options.recovery === true && { connectionStateRecovery: {} }),
})
class BenchGateway {
  @WebSocketServer()
  readonly server!: SocketIoServer;

  @SubscribeMessage('join')
  join(@MessageBody() room: string, @ConnectedSocket() socket: Socket): string {
    socket.join(room);
    return room;
  }

  @SubscribeMessage('publish')
  publish(@MessageBody() command: PublishCommand): number {
    return publish(command, (data) => this.server.to(command.room).emit('message', data));
  }

  @SubscribeMessage('pace')
  pace(@MessageBody() command: PaceCommand): Promise<number> {
    return pace(command, (data) => this.server.to(command.room).emit('message', data));
  }

  @SubscribeMessage('number')
  number(@MessageBody() command: NumberCommand): Promise<number> {
    return publishNumbered(command, (room, data) => this.server.to(room).emit('message', data));
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

@Module({ providers: [BenchGateway] })
class BenchModule {}

const app = await NestFactory.create(BenchModule, { logger: ['error', 'warn'] });
app.useWebSocketAdapter(new IoAdapter(app));
await app.listen(0, '127.0.0.1');
const server: Server = app.getHttpServer();
serve(portOf(server));
