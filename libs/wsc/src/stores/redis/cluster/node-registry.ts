import type { Cluster, Redis } from 'ioredis';
import type { NodeInfo } from '../../../core/ports/cluster.js';
import { runScript } from '../scripts/script.js';
import { beatScript } from './scripts/beat.lua.js';
import { leaveScript } from './scripts/leave.lua.js';
import { tidiedScript } from './scripts/tidied.lua.js';

/** Times of the registry, in milliseconds; the same on all nodes. */
export interface RegistryTimes {
  /** Without a sign of life, by Redis' clock, a node is dead. */
  readonly deadAfterMs: number;
  /** How long the one that was chosen has to tidy up behind a dead node, before another one is chosen. */
  readonly tidyMs: number;
  /** When it is tidied up behind a dead node once more. */
  readonly againAfterMs: number;
}

/** What the registry says when a node shows that it lives. */
export interface RegistryView {
  /** Another one in a registry that was made anew. */
  readonly epoch: string;
  readonly living: readonly NodeInfo[];
  /** Instance ids of those that died not long ago. */
  readonly dead: readonly string[];
  /** Those of the dead whom this node was chosen to tidy up behind. */
  readonly toTidy: readonly string[];
}

/** What the registry says to a node that is dead for it, or that it does not know. */
export interface Expulsion {
  /** Empty: there is no registry. */
  readonly epoch: string;
  readonly living?: undefined;
}

/** What a node says of itself. */
export interface Beat {
  readonly node: NodeInfo;
  /** Whether it comes in; otherwise it must be in already. */
  readonly comesIn: boolean;
  readonly canTidy: boolean;
}

/** A registry of nobody stays for so long, for what could not be tidied up. */
const emptyRegistryMs = 86_400_000;

/** The list of nodes in Redis, by whose clock alone they live and die. Rejects as ioredis does. */
export class NodeRegistry {
  readonly #redis: Redis | Cluster;
  readonly #key: string;
  readonly #times: RegistryTimes;

  constructor(options: { readonly redis: Redis | Cluster; readonly key: string; readonly times: RegistryTimes }) {
    this.#redis = options.redis;
    this.#key = options.key;
    this.#times = options.times;
  }

  async beat({ node, comesIn, canTidy }: Beat): Promise<RegistryView | Expulsion> {
    const { deadAfterMs, tidyMs } = this.#times;
    const args = [node.instanceId, node.nodeId, node.startedAt, deadAfterMs, tidyMs, flag(comesIn), flag(canTidy)];
    const answer = await runScript(this.#redis, beatScript, { keys: [this.#key], args });
    if (!Array.isArray(answer)) return { epoch: String(answer) };
    const [epoch, living, dead, toTidy] = listOf(answer);
    return {
      epoch: String(epoch),
      living: listOf(living).flatMap(parseNode),
      dead: strings(dead),
      toTidy: strings(toTidy),
    };
  }

  async leave({ instanceId }: NodeInfo): Promise<void> {
    await runScript(this.#redis, leaveScript, { keys: [this.#key], args: [instanceId, emptyRegistryMs] });
  }

  /** What the dead instance had is removed. */
  async tidied(instanceId: string): Promise<void> {
    await runScript(this.#redis, tidiedScript, { keys: [this.#key], args: [instanceId, this.#times.againAfterMs] });
  }
}

function flag(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}

function parseNode(value: unknown): readonly NodeInfo[] {
  const [instanceId, nodeId, startedAt] = listOf(value);
  if (typeof instanceId !== 'string' || typeof nodeId !== 'string') return [];
  return [{ instanceId, nodeId, startedAt: Number(startedAt) }];
}

function strings(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
