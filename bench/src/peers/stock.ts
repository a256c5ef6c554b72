import 'reflect-metadata';
import type { Server } from 'node:net';
import { Module, UseGuards, UseInterceptors, UsePipes, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import { OrderDto, OrderGuard, OrderInterceptor } from './order.js';
import { portOf, readOptions } from './server-options.js';
import { serve } from './serve.js';
import { pace, publish, type PaceCommand, type PublishCommand } from './workload.js';

const rooms = new Map<string, Set<WebSocket>>();

/** As people write it by hand: each message is made into text once, then sent to each member. */
function sendToRoom(room: string, data: string): void {
  const text = JSON.stringify({ event: 'message', data });
  for (const client of rooms.get(room) ?? []) client.send(text);
}

/** Nest's own adapter for `ws`. Nothing is checked at connect. */
@WebSocketGateway({ path: '/ws', perMessageDeflate: readOptions().compression === true })
class BenchGateway implements OnGatewayDisconnect {
  @SubscribeMessage('join')
  join(@MessageBody() room: string, @ConnectedSocket() client: WebSocket): unknown {
    let members = rooms.get(room);
    if (members === undefined) rooms.set(room, (members = new Set()));
    members.add(client);
    return { event: 'join', data: room };
  }

  handleDisconnect(client: WebSocket): void {
    for (const members of rooms.values()) members.delete(client);
  }

  @SubscribeMessage('publish')
  publish(@MessageBody() command: PublishCommand): unknown {
    return { event: 'publish', data: publish(command, (data) => sendToRoom(command.room, data)) };
  }

  @SubscribeMessage('pace')
  async pace(@MessageBody() command: PaceCommand): Promise<unknown> {
    return { event: 'pace', data: await pace(command, (data) => sendToRoom(command.room, data)) };
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return { event: 'echo', data };
  }

  @UseGuards(OrderGuard)
  @UseInterceptors(OrderInterceptor)
  @UsePipes(new ValidationPipe())
  @SubscribeMessage('order')
  order(@MessageBody() order: OrderDto): unknown {
    return { event: 'order', data: { accepted: order.item } };
  }
}

@Module({ providers: [BenchGateway] })
class BenchModule {}

const app = await NestFactory.create(BenchModule, { logger: ['error', 'warn'] });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(0, '127.0.0.1');
const server: Server = app.getHttpServer();
serve(portOf(server));
