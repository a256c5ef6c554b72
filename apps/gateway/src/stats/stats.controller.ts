import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HubService } from '@nest-wsc/wsc';
import { RequireLogin } from '../auth/bearer.guard.js';
import { ClusterStatsView, toClusterStatsView } from './cluster-stats.view.js';
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

  @Get('cluster')
  @RequireLogin('admin', 'agent')
  @ApiOperation({ summary: 'Numbers of all nodes, and which of those that live gave none' })
  @ApiOkResponse({ type: ClusterStatsView })
  async cluster(): Promise<ClusterStatsView> {
    return toClusterStatsView(await this.hub.clusterStats(), this.hub.health());
  }
}
