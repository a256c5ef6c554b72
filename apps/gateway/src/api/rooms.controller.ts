import { Body, Controller, Delete, Get, Inject, Param, Post, Put, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { notFound, RoomNamePipe } from '@nest-wsc/demo-service';
import { HubService } from '@nest-wsc/wsc';
import { RequireLogin } from '../auth/bearer.guard.js';
import { RoomMessageDto } from './dto/message.dto.js';
import { RoomDto } from './dto/room.dto.js';
import {
  DeletedRoomView,
  MembersView,
  RoomView,
  SendView,
  statusOf,
  toMembersView,
  toRoomView,
  toSendView,
} from './views.js';

/** Rooms, with the application's rights: what clients may do is up to the namespaces. */
@ApiTags('rooms')
@ApiParam({ name: 'room', example: 'chat:lobby' })
@RequireLogin('admin', 'agent')
@Controller('api/rooms/:room')
export class RoomsController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  @Put()
  @ApiOperation({ summary: 'Makes a room that stays when it is empty, or changes it' })
  @ApiOkResponse({ type: RoomView })
  put(@Param('room', RoomNamePipe) room: string, @Body() dto: RoomDto): RoomView {
    const { metadata, max_members: maxMembers } = dto;
    const options = { ...(metadata !== undefined && { metadata }), ...(maxMembers !== undefined && { maxMembers }) };
    return toRoomView(this.hub.createRoom(room, options));
  }

  @Get()
  @ApiOperation({ summary: 'A room, as this node knows it' })
  @ApiOkResponse({ type: RoomView })
  get(@Param('room', RoomNamePipe) room: string): RoomView {
    const info = this.hub.roomInfo(room);
    if (info === undefined) throw notFound('There is no such room.');
    return toRoomView(info);
  }

  @Delete()
  @ApiOperation({ summary: 'Ends a room; its members hear `room_closed`' })
  @ApiOkResponse({ type: DeletedRoomView })
  async delete(@Param('room', RoomNamePipe) room: string): Promise<DeletedRoomView> {
    const isKnownHere = this.hub.roomInfo(room) !== undefined;
    // Also where this node has no member of it: a load balancer picks any.
    const removedMembers = await this.hub.deleteRoom(room);
    if (!isKnownHere && removedMembers === 0) throw notFound('There is no such room.');
    return { room, removed_members: removedMembers };
  }

  @Get('members')
  @ApiOperation({ summary: 'Who is in a room, each user once' })
  @ApiOkResponse({ type: MembersView })
  async members(@Param('room', RoomNamePipe) room: string): Promise<MembersView> {
    const members = await this.hub.roomMembers(room);
    if (members.length === 0 && this.hub.roomInfo(room) === undefined) throw notFound('There is no such room.');
    return toMembersView(members);
  }

  @Post('messages')
  @ApiOperation({ summary: 'Sends an event to the members of a room, `room_message` unless told otherwise' })
  @ApiAcceptedResponse({ type: SendView, description: 'Queued' })
  @ApiOkResponse({ type: SendView, description: 'In rooms with history: where it is kept' })
  async message(
    @Param('room', RoomNamePipe) room: string,
    @Body() dto: RoomMessageDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SendView> {
    const { event = 'room_message', data, id, version } = dto;
    const message = { event, data, ...(id !== undefined && { id }) };
    const view = toSendView(await this.hub.sendToRoom(room, message, version === undefined ? {} : { version }));
    response.status(statusOf(view));
    return view;
  }
}
