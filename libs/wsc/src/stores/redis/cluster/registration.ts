import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../../core/ports/clock.js';
import type { NodeInfo } from '../../../core/ports/cluster.js';
import type { Logger } from '../../../core/ports/logger.js';
import type { NodeChannels } from './node-channels.js';
import type { Expulsion, NodeRegistry, RegistryView } from './node-registry.js';

/** How a node comes in: for the first time, or again after Redis has lost the registry, or after others took it for dead. */
export type Entrance = 'first' | 'registryLost' | 'takenForDead';

/** What a {@link Registration} works with. */
export interface RegistrationDependencies {
  readonly nodeId: string;
  readonly beatMs: number;
  readonly registry: NodeRegistry;
  readonly channels: NodeChannels;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether this node can tidy up behind dead ones. */
  readonly canTidy: () => boolean;
  readonly onSeen: (view: RegistryView) => void;
  readonly onEntered: (entrance: Entrance) => void;
}

/** Keeps this node in the registry, under one instance id for as long as the others take it for alive. */
export class Registration {
  readonly #deps: RegistrationDependencies;
  #self: NodeInfo;
  #beats: Timer | undefined;
  #looking: Promise<void> | undefined;
  #isLookDue = false;
  #isIn = false;
  /** Of the next time. */
  #entrance: Entrance = 'first';
  /** Of the registry that it was in last. */
  #epoch: string | undefined;
  #lastBeatAt: number | undefined;
  #hasFailed = false;
  #isClosed = false;

  constructor(dependencies: RegistrationDependencies) {
    this.#deps = dependencies;
    this.#self = newInstance(dependencies.nodeId, dependencies.clock.now());
  }

  get self(): NodeInfo {
    return this.#self;
  }

  /** How long ago the registry has answered; undefined: never. */
  get silentMs(): number | undefined {
    return this.#lastBeatAt === undefined ? undefined : this.#deps.clock.monotonic() - this.#lastBeatAt;
  }

  /** Settles after the first look, whatever comes of it. */
  async start(): Promise<void> {
    this.#looking = this.#lookOnce().finally(() => (this.#looking = undefined));
    await this.#looking;
    if (this.#isClosed) return;
    this.#beats = this.#deps.clock.every(this.#deps.beatMs, () => this.look());
    if (this.#isLookDue) this.look();
  }

  /** Shows that this node lives, and looks who else does. One at a time. */
  look(): void {
    if (this.#isClosed) return;
    this.#isLookDue = true;
    this.#looking ??= this.#lookWhileDue().finally(() => (this.#looking = undefined));
  }

  /** Shows it no more. Settles once nothing is under way. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    this.#beats?.cancel();
    await this.#looking;
  }

  /** After {@link stop}. Rejects as ioredis does. */
  async leave(): Promise<void> {
    if (this.#isIn) await this.#deps.registry.leave(this.#self);
    this.#deps.channels.unlisten(this.#self.instanceId);
  }

  async #lookWhileDue(): Promise<void> {
    while (this.#isLookDue && !this.#isClosed) await this.#lookOnce();
  }

  async #lookOnce(): Promise<void> {
    this.#isLookDue = false;
    try {
      await this.#beat();
      this.#succeeded();
    } catch (cause) {
      this.#failed(cause);
    }
  }

  async #beat(): Promise<void> {
    const { channels, registry, canTidy, onSeen, onEntered } = this.#deps;
    const comesIn = !this.#isIn;
    if (comesIn) await channels.listen(this.#self.instanceId);
    const view = await registry.beat({ node: this.#self, comesIn, canTidy: canTidy() });
    if (view.living === undefined) {
      this.#forgotten(view);
      return;
    }
    this.#isIn = true;
    this.#epoch = view.epoch;
    if (this.#isClosed) return;
    onSeen(view);
    if (comesIn) onEntered(this.#entrance);
  }

  /** It comes in anew, at once. A registry that is still the same forgets only whom it has taken for dead. */
  #forgotten({ epoch }: Expulsion): void {
    this.#deps.channels.unlisten(this.#self.instanceId);
    this.#self = newInstance(this.#self.nodeId, this.#self.startedAt);
    this.#isIn = false;
    this.#entrance = epoch === this.#epoch ? 'takenForDead' : 'registryLost';
    this.#isLookDue = true;
  }

  #succeeded(): void {
    this.#lastBeatAt = this.#deps.clock.monotonic();
    if (this.#hasFailed) this.#deps.logger.info('This node is registered with the others again.');
    this.#hasFailed = false;
  }

  #failed(cause: unknown): void {
    if (this.#isClosed) return;
    if (!this.#hasFailed) this.#deps.logger.warn('This node can not show the others that it lives.', { cause });
    this.#hasFailed = true;
  }
}

function newInstance(nodeId: string, startedAt: number): NodeInfo {
  return { nodeId, instanceId: `${nodeId}.${randomBytes(4).toString('hex')}`, startedAt };
}
