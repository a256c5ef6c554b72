import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { notFound, UserIdPipe } from '@nest-wsc/demo-service';
import { type AckSendOptions, HubService, type SendResult, type UserSendOptions } from '@nest-wsc/wsc';
import { RequireLogin } from '../auth/bearer.guard.js';
import { type AckDto, UserMessageDto } from './dto/message.dto.js';
import { NotificationDto } from './dto/notification.dto.js';
import {
  AckView,
  ClosedView,
  DeadLetterView,
  InboxView,
  SendView,
  statusOf,
  toAckView,
  toDeadLetterView,
  toSendView,
} from './views.js';

function ackOptionsOf({ timeout_ms: timeoutMs, retries }: AckDto): AckSendOptions {
  return { ...(timeoutMs !== undefined && { timeoutMs }), ...(retries !== undefined && { retries }) };
}

function keepOptionsOf({ durable = false, time_to_live_ms: timeToLiveMs }: UserMessageDto): UserSendOptions {
  return { durable, ...(timeToLiveMs !== undefined && { timeToLiveMs }) };
}

function answer(response: Response, result: SendResult): SendView {
  const view = toSendView(result);
  response.status(statusOf(view));
  return view;
}

/** To one user, on every device. */
@ApiTags('users')
@ApiParam({ name: 'user', example: 'ada' })
@RequireLogin('admin', 'agent')
@Controller('api/users/:user')
export class UsersController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  @Post('messages')
  @ApiOperation({
    summary:
      'Sends an event to a user; with `ack`, waits until a device has processed it; `durable`, keeps it until then',
  })
  @ApiAcceptedResponse({ type: SendView, description: 'Neither: queued' })
  @ApiOkResponse({ type: AckView, description: 'With `ack`: how it ended. Only `durable`: where it is kept' })
  async message(
    @Param('user', UserIdPipe) user: string,
    @Body() dto: UserMessageDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SendView | AckView> {
    const { event, data, id, ack } = dto;
    const message = { event, data, ...(id !== undefined && { id }) };
    const keeping = keepOptionsOf(dto);
    if (ack === undefined) return answer(response, await this.hub.sendToUser(user, message, keeping));
    const outcome = await this.hub.sendToUserWithAck(user, message, { ...ackOptionsOf(ack), ...keeping });
    response.status(200);
    return toAckView(outcome);
  }

  @Post('notifications')
  @ApiOperation({ summary: 'Notifies a user, as `notification`' })
  @ApiAcceptedResponse({ type: SendView, description: 'Queued' })
  @ApiOkResponse({ type: SendView, description: '`durable`: where it is kept' })
  async notify(
    @Param('user', UserIdPipe) user: string,
    @Body() dto: NotificationDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SendView> {
    const { title, body, icon, link, durable = false } = dto;
    const notification = { title, body, ...(icon !== undefined && { icon }), ...(link !== undefined && { link }) };
    return answer(response, await this.hub.notify(user, notification, { durable }));
  }

  @Get('inbox')
  @ApiOperation({ summary: 'How much is kept for a user' })
  @ApiOkResponse({ type: InboxView })
  async inbox(@Param('user', UserIdPipe) user: string): Promise<InboxView> {
    const { messages, deadLetters } = await this.hub.inboxSize(user);
    return { messages, dead_letters: deadLetters };
  }

  @Get('dead-letters')
  @ApiOperation({ summary: 'Durable messages that reached not every device in time, the newest first' })
  @ApiOkResponse({ type: [DeadLetterView] })
  async deadLetters(@Param('user', UserIdPipe) user: string): Promise<readonly DeadLetterView[]> {
    return (await this.hub.deadLetters(user)).map(toDeadLetterView);
  }

  @Post('dead-letters/:id/resend')
  @HttpCode(200)
  @ApiParam({ name: 'id', description: 'Of the dead letter' })
  @ApiOperation({ summary: 'Sends a dead letter again, with an id of its own' })
  @ApiOkResponse({ type: SendView })
  async resend(@Param('user', UserIdPipe) user: string, @Param('id') id: string): Promise<SendView> {
    const sent = await this.hub.resendDeadLetter(user, id);
    if (sent === undefined) throw notFound('There is no such dead letter.');
    return toSendView(sent);
  }

  @Delete('connections')
  @ApiOperation({ summary: 'Ends all connections of a user with 4503' })
  @ApiOkResponse({ type: ClosedView })
  async disconnect(@Param('user', UserIdPipe) user: string): Promise<ClosedView> {
    return { closed_connections: await this.hub.disconnectUser(user) };
  }
}
