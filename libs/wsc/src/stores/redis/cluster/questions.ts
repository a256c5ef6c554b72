import { withResolver } from '../../../core/async/with-resolver.js';
import type { Clock, Timer } from '../../../core/ports/clock.js';
import type { ClusterAnswer, ClusterAnswers, NodeInfo } from '../../../core/ports/cluster.js';

/** How long and for how much is waited. */
export interface QuestionsOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Questions that are open at the same time; of one more, everybody is missing. */
  readonly maxOpen: number;
}

/** A question that was put. */
export interface OpenQuestion {
  readonly id: number;
  readonly answers: Promise<ClusterAnswers>;
}

interface Open {
  /** By instance id. */
  readonly waitingFor: Map<string, NodeInfo>;
  readonly answers: ClusterAnswer[];
  /** They live, and will not answer. */
  readonly missing: NodeInfo[];
  readonly timer: Timer;
  readonly resolve: (answers: ClusterAnswers) => void;
}

/** The questions that wait for answers of other nodes. Each is settled by the last answer, or when its time is up. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #open = new Map<number, Open>();
  #lastId = 0;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** Undefined: too many are open. */
  put(nodes: readonly NodeInfo[]): OpenQuestion | undefined {
    const { clock, timeoutMs, maxOpen } = this.#options;
    if (this.#open.size >= maxOpen) return undefined;
    const id = ++this.#lastId;
    const { promise, resolve } = withResolver<ClusterAnswers>();
    const waitingFor = new Map(nodes.map((node) => [node.instanceId, node]));
    const timer = clock.after(timeoutMs, () => this.#settle(id));
    this.#open.set(id, { waitingFor, answers: [], missing: [], timer, resolve });
    return { id, answers: promise };
  }

  /** Ignored unless it was waited for. */
  answered(id: number, from: string, value: unknown): void {
    const node = this.#take(id, from);
    if (node === undefined) return;
    this.#open.get(id)?.answers.push({ node, value });
    this.#settleIfDone(id);
  }

  /** The question did not reach it. */
  notReached(id: number, instanceId: string): void {
    const node = this.#take(id, instanceId);
    if (node === undefined) return;
    this.#open.get(id)?.missing.push(node);
    this.#settleIfDone(id);
  }

  /** It lives no more: nobody waits for its answers. */
  left(instanceId: string): void {
    for (const id of [...this.#open.keys()]) {
      if (this.#take(id, instanceId) !== undefined) this.#settleIfDone(id);
    }
  }

  /** Whoever still waits gets what there is. */
  close(): void {
    for (const id of [...this.#open.keys()]) this.#settle(id);
  }

  #take(id: number, instanceId: string): NodeInfo | undefined {
    const waitingFor = this.#open.get(id)?.waitingFor;
    const node = waitingFor?.get(instanceId);
    waitingFor?.delete(instanceId);
    return node;
  }

  #settleIfDone(id: number): void {
    if (this.#open.get(id)?.waitingFor.size === 0) this.#settle(id);
  }

  #settle(id: number): void {
    const question = this.#open.get(id);
    if (question === undefined) return;
    this.#open.delete(id);
    question.timer.cancel();
    const { answers, missing, waitingFor, resolve } = question;
    resolve({ answers, missing: [...missing, ...waitingFor.values()] });
  }
}
