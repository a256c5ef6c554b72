import { Body, Controller, Delete, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { UserIdPipe } from '@nest-wsc/demo-service';
import { type AckSendOptions, HubService } from '@nest-wsc/wsc';
import { RequireLogin } from '../auth/bearer.guard.js';
import { type AckDto, UserMessageDto } from './dto/message.dto.js';
import { NotificationDto } from './dto/notification.dto.js';
import { AckView, ClosedView, SendView, toAckView, toSendView } from './views.js';

function ackOptionsOf({ timeout_ms: timeoutMs, retries }: AckDto): AckSendOptions {
  return { ...(timeoutMs !== undefined && { timeoutMs }), ...(retries !== undefined && { retries }) };
}

/** To one user, on every device. */
@ApiTags('users')
@ApiParam({ name: 'user', example: 'ada' })
@RequireLogin('admin', 'agent')
@Controller('api/users/:user')
export class UsersController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  @Post('messages')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends an event to a user; with `ack`, waits until a device has processed it' })
  @ApiAcceptedResponse({ type: SendView, description: 'Without `ack`: queued' })
  @ApiOkResponse({ type: AckView, description: 'With `ack`: how it ended' })
  async message(
    @Param('user', UserIdPipe) user: string,
    @Body() dto: UserMessageDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SendView | AckView> {
    const message = { event: dto.event, data: dto.data };
    if (dto.ack === undefined) return toSendView(await this.hub.sendToUser(user, message));
    const outcome = await this.hub.sendToUserWithAck(user, message, ackOptionsOf(dto.ack));
    response.status(200);
    return toAckView(outcome);
  }

  @Post('notifications')
  @HttpCode(202)
  @ApiOperation({ summary: 'Notifies a user, as `notification`' })
  @ApiAcceptedResponse({ type: SendView })
  async notify(@Param('user', UserIdPipe) user: string, @Body() dto: NotificationDto): Promise<SendView> {
    const { title, body, icon, link } = dto;
    const notification = { title, body, ...(icon !== undefined && { icon }), ...(link !== undefined && { link }) };
    return toSendView(await this.hub.notify(user, notification));
  }

  @Delete('connections')
  @ApiOperation({ summary: 'Ends all connections of a user with 4503' })
  @ApiOkResponse({ type: ClosedView })
  async disconnect(@Param('user', UserIdPipe) user: string): Promise<ClosedView> {
    return { closed_connections: await this.hub.disconnectUser(user) };
  }
}
