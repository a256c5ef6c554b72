import type { MaybePromise } from '../../../core/async/maybe-promise.js';
import type { Clock } from '../../../core/ports/clock.js';
import type {
  Cluster,
  ClusterAnswers,
  ClusterHealth,
  ClusterListener,
  ClusterNotice,
  ClusterRequest,
  NodeInfo,
} from '../../../core/ports/cluster.js';
import type { Logger } from '../../../core/ports/logger.js';
import type { RedisConnections } from '../redis-connections.js';
import type { Instances, InstanceWatcher } from './instances.js';
import { Members } from './members.js';
import { NodeChannels } from './node-channels.js';
import type { NodeMessage, Received } from './node-messages.js';
import { NodeRegistry, type RegistryView } from './node-registry.js';
import { Questions } from './questions.js';
import { Registration, type Entrance } from './registration.js';
import { Tidying } from './tidying.js';

/** Names and times of {@link RedisCluster}; the times are the same on all nodes. */
export interface RedisClusterOptions {
  readonly nodeId: string;
  /** Between two signs of life. @default 2_000 */
  readonly beatMs?: number;
  /** Without a sign of life a node is dead. Not less than four signs. @default 10_000 */
  readonly deadAfterMs?: number;
  /** How long `ask` waits for others. @default 1_000 */
  readonly askTimeoutMs?: number;
  /** How long one node has to tidy up behind a dead one, before another does. @default 10_000 */
  readonly tidyMs?: number;
  /** When it is tidied up behind a dead node once more, for what was on its way to Redis. @default 60_000 */
  readonly againAfterMs?: number;
}

/** What {@link RedisCluster} works with. */
export interface RedisClusterDependencies {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly logger: Logger;
}

const defaults = { beatMs: 2_000, deadAfterMs: 10_000, askTimeoutMs: 1_000, tidyMs: 10_000, againAfterMs: 60_000 };
const noAnswers: ClusterAnswers = Object.freeze({ answers: [], missing: [] });
const healthy: ClusterHealth = Object.freeze({ isReady: true });
const maxOpenQuestions = 1_000;
/** Notices on their way to Redis at the same time; more of them are lost. */
const maxNotices = 10_000;
/** Without an answer of the registry for so many signs of life, this node may be dead for the others. */
const missedBeats = 2.5;

/**
 * The nodes that know each other by one Redis. Each shows that it lives; one that does not any more, by Redis' clock, is dead for all,
 * even if it was only stopped: then it comes back under a new instance id, as it does when Redis has lost the registry. Without Redis it
 * stays as it was, is not ready, and goes on by itself when Redis is back.
 */
export class RedisCluster implements Cluster, Instances {
  readonly #options: Required<RedisClusterOptions>;
  readonly #connections: RedisConnections;
  readonly #logger: Logger;
  readonly #channels: NodeChannels;
  readonly #registration: Registration;
  readonly #questions: Questions;
  readonly #members: Members;
  readonly #tidying: Tidying;
  #listener: ClusterListener | undefined;
  #noticeCount = 0;
  #closing: Promise<void> | undefined;

  constructor(options: RedisClusterOptions, { connections, clock, logger }: RedisClusterDependencies) {
    this.#options = { ...defaults, ...options };
    const { nodeId, beatMs, askTimeoutMs, deadAfterMs } = this.#options;
    const key = connections.names.nodes;
    const registry = new NodeRegistry({ redis: connections.commands, key, times: this.#options });
    this.#connections = connections;
    this.#logger = logger;
    this.#channels = new NodeChannels({ connections, logger, onMessage: (received) => this.#received(received) });
    this.#questions = new Questions({ clock, timeoutMs: askTimeoutMs, maxOpen: maxOpenQuestions });
    this.#members = new Members({ clock, logger, suspectAfterMs: deadAfterMs * 1.5 });
    this.#tidying = new Tidying({ registry, logger });
    this.#registration = new Registration({
      ...{ nodeId, beatMs, registry, channels: this.#channels, clock, logger },
      canTidy: () => this.#tidying.isPossible,
      onSeen: (view) => this.#seen(view),
      onEntered: (entrance) => this.#entered(entrance),
    });
  }

  get self(): NodeInfo {
    return this.#registration.self;
  }

  /** Where Redis is not there, it starts all the same, and comes in when Redis does. */
  async start(listener: ClusterListener): Promise<void> {
    this.#listener = listener;
    await this.#registration.start();
  }

  nodes(): readonly NodeInfo[] {
    return [this.self, ...this.#members.others];
  }

  dead(): readonly string[] {
    return this.#members.dead;
  }

  watch(watcher: InstanceWatcher): void {
    this.#tidying.watch(watcher);
  }

  ask(to: 'others' | readonly string[], request: ClusterRequest): MaybePromise<ClusterAnswers> {
    const { others } = this.#members;
    const nodes = to === 'others' ? others : others.filter(({ instanceId }) => to.includes(instanceId));
    if (nodes.length === 0) return noAnswers;
    const question = this.#questions.put(nodes);
    if (question === undefined) return { answers: [], missing: nodes };
    for (const { instanceId } of nodes) void this.#askOne(question.id, instanceId, request);
    return question.answers;
  }

  tell(instanceId: string, notice: ClusterNotice): void {
    if (instanceId === this.self.instanceId) {
      this.#listener?.notice(notice);
      return;
    }
    if (this.#noticeCount >= maxNotices) return;
    this.#noticeCount += 1;
    void this.#send(instanceId, { kind: 'notice', notice }).then(() => (this.#noticeCount -= 1));
  }

  health(): ClusterHealth {
    const { problem } = this.#connections;
    if (problem !== undefined) return { isReady: false, reason: problem };
    const { silentMs } = this.#registration;
    if (silentMs === undefined) return { isReady: false, reason: 'This node is not registered with the others.' };
    if (silentMs <= this.#options.beatMs * missedBeats) return healthy;
    return { isReady: false, reason: `The list of nodes has not answered for ${String(Math.round(silentMs))} ms.` };
  }

  async close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#registration.stop();
    this.#questions.close();
    await this.#tidying.close();
    try {
      await this.#registration.leave();
      await this.#tellOthersToLook();
    } catch (cause) {
      this.#logger.warn('The other nodes could not be told that this one goes; they will notice.', { cause });
    }
  }

  #seen({ living, dead, toTidy }: RegistryView): void {
    const { joined, left } = this.#members.update({ self: this.self, living, dead });
    for (const node of left) {
      this.#questions.left(node.instanceId);
      this.#listener?.left(node);
    }
    for (const node of joined) this.#listener?.joined(node);
    this.#tidying.behind(toTidy);
  }

  #entered(entrance: Entrance): void {
    void this.#tellOthersToLook();
    if (entrance === 'first') return;
    this.#logger.warn('The other nodes did not know this one any more; it tells them anew what it has.');
    this.#tidying.renewed(entrance === 'takenForDead');
    this.#listener?.lost();
  }

  #received({ from, message }: Received): void {
    switch (message.kind) {
      case 'question':
        void this.#answer(from, message.id, message.request);
        return;
      case 'answer':
        this.#questions.answered(message.id, from, message.value);
        return;
      case 'notice':
        this.#listener?.notice(message.notice);
        return;
      case 'changed':
        this.#registration.look();
        return;
    }
  }

  async #answer(to: string, id: number, request: ClusterRequest): Promise<void> {
    try {
      const value = await this.#listener?.request(request);
      // JSON has no undefined, and whoever asks waits for an answer.
      await this.#send(to, { kind: 'answer', id, value: value ?? null });
    } catch (cause) {
      this.#logger.error('A question of another node could not be answered.', { kind: request.kind, cause });
    }
  }

  async #askOne(id: number, to: string, request: ClusterRequest): Promise<void> {
    if (!(await this.#send(to, { kind: 'question', id, request }))) this.#questions.notReached(id, to);
  }

  /** Answers whether somebody there listens. Never rejects: the registry tells of Redis, once. */
  async #send(to: string, message: NodeMessage): Promise<boolean> {
    try {
      return await this.#channels.send(this.self.instanceId, to, message);
    } catch (cause) {
      this.#logger.debug('Another node could not be told something.', { kind: message.kind, cause });
      return false;
    }
  }

  /** They would see it by themselves, later. */
  async #tellOthersToLook(): Promise<void> {
    const { others } = this.#members;
    await Promise.all(others.map(async ({ instanceId }) => this.#send(instanceId, { kind: 'changed' })));
  }
}
