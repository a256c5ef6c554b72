import { adviceFor, WscError, type CloseCode } from '@nest-wsc/protocol';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { DeliveryCount } from '../ports/broker.js';
import type { Cluster, ClusterRequest, NodeInfo } from '../ports/cluster.js';
import type { Sessions } from '../ports/sessions.js';
import type { OutboundMessage } from '../messages/message.js';
import type { HubStats } from '../stats.js';
import type { LocalActions } from './local-actions.js';
import { deliveryIn, failureIn, statsIn } from './remote-value.js';

/** What all nodes know, as far as they answered. */
export interface ClusterStats {
  readonly nodes: readonly HubStats[];
  /** The ids of nodes that live but gave no answer. */
  readonly missing: readonly string[];
  /** Whether {@link ClusterStats.missing} has anybody, so that sums over `nodes` say too little. */
  readonly isPartial: boolean;
}

/** What {@link Everywhere} needs. */
export interface EverywhereDependencies {
  readonly cluster: Cluster;
  readonly local: LocalActions;
  readonly sessions: Sessions;
}

/** Does on all nodes what {@link LocalActions} do on one. Where this node is alone, nobody else is asked. */
export class Everywhere {
  readonly #cluster: Cluster;
  readonly #local: LocalActions;
  readonly #sessions: Sessions;

  constructor(dependencies: EverywhereDependencies) {
    this.#cluster = dependencies.cluster;
    this.#local = dependencies.local;
    this.#sessions = dependencies.sessions;
  }

  /**
   * How many connections it was done to, on all nodes.
   * @throws {WscError} WSC_TIMEOUT with `details: { done, missing }` when a node that lives did not answer: there it is unknown.
   */
  async count(request: ClusterRequest): Promise<number> {
    const [own, others] = await this.#ask(request);
    const done = [own, ...others.answers.map(({ value }) => value)].reduce<number>(
      (sum, value) => sum + (typeof value === 'number' ? value : 0),
      0,
    );
    requireAll(others.missing, done);
    return done;
  }

  /**
   * Ends a user's connections, and what those could be resumed from that ended before, where the code says not to come back. Answers how
   * many connections there were.
   * @throws {WscError} as {@link count}; WSC_UNAVAILABLE where sessions may be left.
   */
  async closeUser(userId: string, closeCode: CloseCode): Promise<number> {
    const closing = this.count({ kind: 'closeUser', userId, closeCode });
    if (adviceFor(closeCode.code) !== 'stop') return closing;
    // At once, so that nobody resumes meanwhile, and again for what was saved meanwhile. Nothing of it keeps connections open.
    await Promise.allSettled([closing, this.#removeSessions(userId)]);
    await this.#removeSessions(userId);
    return closing;
  }

  /** Sends to a connection on whichever node it is; nothing is queued where there is none. @throws {WscError} WSC_TIMEOUT as {@link count} */
  send(connectionId: string, message: OutboundMessage): MaybePromise<DeliveryCount> {
    return this.#local.send(connectionId, message) ?? this.#sendElsewhere(connectionId, message);
  }

  async #sendElsewhere(connectionId: string, message: OutboundMessage): Promise<DeliveryCount> {
    const { answers, missing } = await this.#cluster.ask('others', { kind: 'send', connectionId, message });
    const [there] = answers.flatMap(({ value }) => deliveryIn(value) ?? []);
    if (there !== undefined) return there;
    requireAll(missing, 0);
    return { queued: 0, dropped: 0 };
  }

  /**
   * Puts a connection into a room or out of it, on whichever node it is.
   * @throws {WscError} what the node with the connection says; WSC_UNAVAILABLE where no node has it.
   */
  async inRoom(request: ClusterRequest & { readonly kind: 'join' | 'leave' }): Promise<void> {
    if ((await this.#local.perform(request)) === true) return;
    const { answers, missing } = await this.#cluster.ask('others', request);
    const [failure] = answers.flatMap(({ value }) => failureIn(value) ?? []);
    if (failure !== undefined) throw failure;
    if (answers.some(({ value }) => value === true)) return;
    requireAll(missing, 0);
    throw new WscError('WSC_UNAVAILABLE', { message: 'There is no such connection.' });
  }

  async stats(): Promise<ClusterStats> {
    const request = { kind: 'stats' } as const;
    const own = this.#local.stats;
    const { answers, missing } = await this.#cluster.ask('others', request);
    const known = answers.map((answer) => ({ answer, stats: statsIn(answer.value, own) }));
    const nodes = [own, ...known.flatMap(({ stats }) => stats ?? [])];
    const silent = [...missing, ...known.flatMap(({ answer, stats }) => (stats === undefined ? [answer.node] : []))];
    return { nodes, missing: silent.map(({ nodeId }) => nodeId), isPartial: silent.length > 0 };
  }

  async #removeSessions(userId: string): Promise<void> {
    await this.#sessions.removeOf(userId);
  }

  async #ask(request: ClusterRequest) {
    // Both at once: whoever is asked last should not wait for the first.
    return Promise.all([this.#local.perform(request), this.#cluster.ask('others', request)]);
  }
}

function requireAll(missing: readonly NodeInfo[], done: number): void {
  if (missing.length === 0) return;
  throw new WscError('WSC_TIMEOUT', {
    message: 'Not every node has answered.',
    details: { done, missing: missing.map(({ nodeId }) => nodeId) },
  });
}
