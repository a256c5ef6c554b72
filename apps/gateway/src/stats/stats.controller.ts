import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HubService } from '@nest-wsc/wsc';
import { RequireLogin } from '../auth/bearer.guard.js';
import { StatsView, toStatsView } from './stats.view.js';

/** What this node does. */
@ApiTags('operation')
@Controller('ws/stats')
export class StatsController {
  constructor(@Inject(HubService) private readonly hub: HubService) {}

  @Get()
  @RequireLogin('admin', 'agent')
  @ApiOperation({ summary: 'Numbers of this node since it started' })
  @ApiOkResponse({ type: StatsView })
  stats(): StatsView {
    return toStatsView(this.hub.stats);
  }
}
