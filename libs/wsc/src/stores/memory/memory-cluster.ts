import type { Cluster, ClusterAnswers, ClusterHealth, NodeInfo } from '../../core/ports/cluster.js';

const noAnswers: ClusterAnswers = Object.freeze({ answers: [], missing: [] });
const healthy: ClusterHealth = Object.freeze({ isReady: true });

/** The cluster of a hub that is alone. */
export class MemoryCluster implements Cluster {
  readonly self: NodeInfo;

  constructor(self: NodeInfo) {
    this.self = self;
  }

  /** There is nobody to listen to. */
  start(): void {
    return;
  }

  nodes(): readonly NodeInfo[] {
    return [this.self];
  }

  ask(): ClusterAnswers {
    return noAnswers;
  }

  tell(): void {
    return;
  }

  health(): ClusterHealth {
    return healthy;
  }

  close(): void {
    return;
  }
}
