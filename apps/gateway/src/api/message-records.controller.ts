import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { notFound, UserIdPipe } from '@nest-wsc/demo-service';
import { HubService } from '@nest-wsc/wsc';
import { RequireLogin } from '../auth/bearer.guard.js';
import { MessageRecordView, toMessageRecordView } from './message-record.view.js';
import { SendView, toSendView } from './views.js';

/** What has become of messages to a user that are `durable`, or that were sent with `ack`. */
@ApiTags('users')
@ApiParam({ name: 'user', example: 'ada' })
@ApiParam({ name: 'id', description: 'Of the message' })
@RequireLogin('admin', 'agent')
@Controller('api/users/:user/messages/:id')
export class MessageRecordsController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  @Get()
  @ApiOperation({ summary: 'What has become of a message, for seven days' })
  @ApiOkResponse({ type: MessageRecordView })
  async record(@Param('user', UserIdPipe) user: string, @Param('id') id: string): Promise<MessageRecordView> {
    const record = await this.hub.messageRecord(user, id);
    if (record === undefined) throw notFound('Nothing is known of this message.');
    return toMessageRecordView(record);
  }

  @Post('retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sends a message again, durably, that has expired or failed' })
  @ApiOkResponse({ type: SendView })
  async retry(@Param('user', UserIdPipe) user: string, @Param('id') id: string): Promise<SendView> {
    const sent = await this.hub.retryMessage(user, id);
    if (sent === undefined) throw notFound('There is no such message that has expired or failed.');
    return toSendView(sent);
  }
}
