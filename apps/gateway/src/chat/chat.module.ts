import { Module } from '@nestjs/common';
import { ChatGateway } from './chat.gateway.js';
import { TryOutGateway } from './try-out.gateway.js';

/** The WebSocket events of the demo beyond the built-in ones. */
@Module({ providers: [ChatGateway, TryOutGateway] })
export class ChatModule {}
