import type { Clock } from '../../../core/ports/clock.js';
import type { NodeInfo } from '../../../core/ports/cluster.js';
import type { Logger } from '../../../core/ports/logger.js';

/** What {@link Members} need. */
export interface MembersOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another node of this one's name that lives for so long is not this one's predecessor. */
  readonly suspectAfterMs: number;
}

/** Who came and who went since the last look. */
export interface MemberChanges {
  readonly joined: readonly NodeInfo[];
  readonly left: readonly NodeInfo[];
}

/** The other nodes, as they were last seen. */
export class Members {
  readonly #options: MembersOptions;
  #others: readonly NodeInfo[] = [];
  #dead: readonly string[] = [];
  /** Instances of this node's name → since when they are seen, on the monotonic scale. */
  #namesakes = new Map<string, number>();
  #hasWarned = false;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  /** In the order of their start. */
  get others(): readonly NodeInfo[] {
    return this.#others;
  }

  get dead(): readonly string[] {
    return this.#dead;
  }

  update(seen: {
    readonly self: NodeInfo;
    readonly living: readonly NodeInfo[];
    readonly dead: readonly string[];
  }): MemberChanges {
    const before = this.#others;
    const others = seen.living.filter(({ instanceId }) => instanceId !== seen.self.instanceId);
    this.#others = others.sort((a, b) => a.startedAt - b.startedAt || (a.instanceId < b.instanceId ? -1 : 1));
    // This node's own former names among them.
    this.#dead = seen.dead;
    this.#warnOfNamesakes(seen.self.nodeId);
    return { joined: missingFrom(before, this.#others), left: missingFrom(this.#others, before) };
  }

  /** One that was killed and has come back lives beside itself, until it counts as dead. */
  #warnOfNamesakes(nodeId: string): void {
    const { clock, logger, suspectAfterMs } = this.#options;
    const now = clock.monotonic();
    const namesakes = this.#others.filter((other) => other.nodeId === nodeId);
    this.#namesakes = new Map(
      namesakes.map(({ instanceId }) => [instanceId, this.#namesakes.get(instanceId) ?? now] as const),
    );
    if (this.#hasWarned || ![...this.#namesakes.values()].some((since) => now - since >= suspectAfterMs)) return;
    this.#hasWarned = true;
    logger.warn('Another node has the same node id. Give each node an id of its own (WSC_NODE_ID), or none at all.', {
      nodeId,
    });
  }
}

/** The nodes of `nodes` that are not among `known`. */
function missingFrom(known: readonly NodeInfo[], nodes: readonly NodeInfo[]): readonly NodeInfo[] {
  return nodes.filter(({ instanceId }) => !known.some((other) => other.instanceId === instanceId));
}
