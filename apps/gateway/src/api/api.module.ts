import { Module } from '@nestjs/common';
import { BroadcastController } from './broadcast.controller.js';
import { MessageRecordsController } from './message-records.controller.js';
import { OnlineController } from './online.controller.js';
import { RoomsController } from './rooms.controller.js';
import { UsersController } from './users.controller.js';

/** The HTTP API for other services: ordinary controllers that inject `HubService`. */
@Module({
  controllers: [BroadcastController, UsersController, MessageRecordsController, RoomsController, OnlineController],
})
export class ApiModule {}
