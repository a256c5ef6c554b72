import { ApiProperty } from '@nestjs/swagger';
import type { ClusterHealth, ClusterStats } from '@nest-wsc/wsc';
import { StatsView, toStatsView } from './stats.view.js';

/** Whether the node that answers reaches the others. */
export class HealthView {
  @ApiProperty()
  readonly ready!: boolean;

  @ApiProperty({ required: false, description: 'What is wrong' })
  readonly reason?: string;
}

/** Numbers of all nodes. */
export class ClusterStatsView {
  @ApiProperty({ description: 'Of the node that answers' })
  readonly health!: HealthView;

  @ApiProperty({ type: [StatsView], description: 'The node that answers first' })
  readonly nodes!: readonly StatsView[];

  @ApiProperty({ description: 'Nodes that live but gave no answer' })
  readonly missing!: readonly string[];

  @ApiProperty({ description: 'Whether sums over `nodes` say too little' })
  readonly partial!: boolean;
}

/** By their names in JSON. */
export const toClusterStatsView = (stats: ClusterStats, health: ClusterHealth): ClusterStatsView => ({
  health: { ready: health.isReady, ...(health.reason !== undefined && { reason: health.reason }) },
  nodes: stats.nodes.map(toStatsView),
  missing: stats.missing,
  partial: stats.isPartial,
});
