import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HubService } from '@nest-wsc/wsc';
import { RequireLogin } from '../auth/bearer.guard.js';
import { DataUpdateDto } from './dto/data-update.dto.js';
import { MessageDto } from './dto/message.dto.js';
import { SendView, toSendView } from './views.js';

/** To everybody. */
@ApiTags('everybody')
@RequireLogin('admin', 'agent')
@Controller('api')
export class BroadcastController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  @Post('broadcast')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends an event to every connection' })
  @ApiAcceptedResponse({ type: SendView })
  async broadcast(@Body() dto: MessageDto): Promise<SendView> {
    return toSendView(await this.hub.broadcast({ event: dto.event, data: dto.data }));
  }

  @Post('data-updates')
  @HttpCode(202)
  @ApiOperation({ summary: 'Tells every connection that something changed, as `data_update`' })
  @ApiAcceptedResponse({ type: SendView })
  async dataUpdate(@Body() dto: DataUpdateDto): Promise<SendView> {
    const { entity, action, id, data } = dto;
    return toSendView(await this.hub.dataUpdate({ entity, action, id, data }));
  }
}
