import type { NodeInfo } from '../../../core/ports/cluster.js';

/** Hears of what the registry of nodes finds. */
export interface InstanceWatcher {
  /**
   * Removes what a dead node had: this node was chosen to. Called again later, for what was on its way to Redis when the node died.
   * Where it rejects, a node is chosen again.
   */
  reap(instanceId: string): Promise<void>;
  /**
   * This node has a new instance id; what was told under the old one is gone, or will be.
   * @param wasTakenForDead others removed it, and told so; otherwise Redis has lost it, and nobody was told.
   */
  renewed(wasTakenForDead: boolean): void;
}

/** Who wrote what, and who of them is dead. Stores that keep something per node stand on it. */
export interface Instances {
  readonly self: NodeInfo;
  /** Instance ids of the nodes that died not long ago: what they had may still be there. Mostly empty. */
  dead(): readonly string[];
  watch(watcher: InstanceWatcher): void;
}
