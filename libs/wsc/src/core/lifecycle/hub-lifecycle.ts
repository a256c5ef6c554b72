import type { HubDependencies, HubParts } from '../hub-parts.js';
import type { HubOptions } from '../hub-options.js';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';
import type { Destination } from '../ports/broker.js';
import { atMost } from '../async/at-most.js';
import { handOverDepartures } from './departures.js';
import { drainConnections, reconnectSpreadMs } from './drain.js';

/** For finding another node that takes over what this one has still to tell. */
const handOverMs = 1_000;

/** What a {@link HubLifecycle} needs. */
export interface HubLifecycleOptions {
  readonly dependencies: HubDependencies;
  readonly parts: HubParts;
  readonly options: () => HubOptions;
}

/** From the start of a hub to its end: each of start, drain and close happens once, however often it is asked for. */
export class HubLifecycle {
  readonly #deps: HubDependencies;
  readonly #parts: HubParts;
  readonly #options: () => HubOptions;
  #startedAt: number | undefined;
  #starting: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Over how long its clients come back elsewhere, once it closes. */
  #returnMs = 0;

  constructor({ dependencies, parts, options }: HubLifecycleOptions) {
    this.#deps = dependencies;
    this.#parts = parts;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#startedAt !== undefined && this.#closing === undefined;
  }

  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  /** Before a user who went offline is announced so: longer while it closes, since clients were told when to come back. */
  get offlineGraceMs(): number {
    return this.#options().offlineGraceMs + this.#returnMs;
  }

  get uptimeSeconds(): number {
    if (this.#startedAt === undefined) return 0;
    return Math.floor((this.#deps.clock.monotonic() - this.#startedAt) / 1000);
  }

  start(): Promise<void> {
    return (this.#starting ??= this.#start());
  }

  drain(): Promise<void> {
    return (this.#draining ??= this.#drain());
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #start(): Promise<void> {
    const { cluster, broker, presence, clock, logger, openMessages, revocations } = this.#deps;
    const { arrivals, local, acks, foreignAcks, events, presenceNews, routes, inboxReaders } = this.#parts;
    await cluster.start({
      request: (request) => local.answer(request),
      notice: (notice) => {
        if (notice.kind === 'handed') acks.handedOver(notice);
        // Its send may have gone on; what became of the message changes all the same.
        else if (!acks.acked(notice)) foreignAcks.settle(notice);
      },
      joined: ({ nodeId }) => events.emit('node.joined', { data: { nodeId } }),
      left: ({ nodeId }) => events.emit('node.left', { data: { nodeId } }),
      lost: () => {
        logger.warn('Other nodes took this one for dead, or the store lost it; it makes itself known again.');
        void inboxReaders.expectAll();
      },
    });
    openMessages?.listen((destination, message) => this.#relay(destination, message));
    await broker.start((message) => arrivals.receive(message));
    await presence.start(presenceNews);
    await revocations?.watch?.((tokenId) => local.closeToken(tokenId));
    // Not before: what a connection sent would find no broker.
    this.#startedAt = clock.monotonic();
    const { nodeId, routes: routesOption } = this.#options();
    if (routesOption === 'frozen') routes.freeze();
    events.emit('websocket.started', { data: { nodeId } });
    await this.#deps.ingest?.start(this.#parts.ingestion);
  }

  async #drain(): Promise<void> {
    const { gate, inFlight, connector, connections } = this.#parts;
    // In the next microtask, so that `isDraining` already says so to whoever asks.
    await Promise.resolve();
    gate.abortPending();
    const { drainMs } = this.#options();
    this.#returnMs = reconnectSpreadMs(connections.size, drainMs);
    // At once, so that another node goes on with what other programs write.
    const ingested = this.#end(() => this.#deps.ingest?.close());
    await drainConnections({
      clock: this.#deps.clock,
      drainMs,
      connections: () => connections.all(),
      handlersIdle: () => inFlight.idle(),
      connectionsSettled: () => connector.settled(),
    });
    await ingested;
  }

  async #close(): Promise<void> {
    await this.drain();
    const { heartbeat, fanOut, expiry, userStatus, acks, slowConsumers, events, catchUp, inboxReaders, keeper } =
      this.#parts;
    events.emit('websocket.stopped', { data: { nodeId: this.#options().nodeId } });
    const withinMs = this.offlineGraceMs;
    const { clock } = this.#deps;
    const handingOver = handOverDepartures({ cluster: this.#deps.cluster, userStatus, withinMs });
    await this.#end(() => atMost(clock, handOverMs, handingOver));
    for (const part of [heartbeat, fanOut, expiry, userStatus, acks, slowConsumers, catchUp, inboxReaders, keeper])
      part.close();
    events.close();
    const { revocations, requestClaims, records, presence, streams, inbox, sessions, broker, cluster, foundation } =
      this.#deps;
    await this.#end(() => requestClaims?.close());
    // The cluster after all that ask it: until then the others know that this node is going.
    for (const part of [presence, streams, inbox, sessions, broker, cluster]) await this.#end(() => part.close());
    // What has ended by now is noted by then.
    await this.#end(() => this.#parts.recordKeeper.close());
    await this.#end(() => records?.close());
    await this.#end(() => revocations?.close?.());
    await this.#end(() => foundation?.close());
  }

  /** Nobody awaits what another program has published, and what an interceptor throws must not end this one. */
  #relay(destination: Destination, message: OutboundMessage): void {
    try {
      this.#parts.sender.relayOpen(destination, message);
    } catch (error) {
      this.#parts.callFailed(error);
    }
  }

  /** What can't be ended must not keep the rest from ending. */
  async #end(close: () => MaybePromise<void> | undefined): Promise<void> {
    try {
      await close();
    } catch (cause) {
      this.#deps.logger.error('A part of the hub could not be ended.', { cause });
    }
  }
}
