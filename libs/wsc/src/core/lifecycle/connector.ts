import { closeCodes, WscError, type ServerEnvelope } from '@nest-wsc/protocol';
import type { Admission } from '../connect/gate.js';
import type { Handshake } from '../connect/handshake.js';
import type { InboxReaders } from '../inbox/inbox-readers.js';
import { isRevoked } from '../connect/revocation.js';
import { logFailure } from '../async/log-failure.js';
import { withDeadline } from '../async/with-deadline.js';
import type { ConnectionHost } from '../connections/connection-host.js';
import { Connection } from '../connections/connection.js';
import type { EventBus } from '../extensions/events.js';
import type { Heartbeat } from '../connections/heartbeat.js';
import type { DisconnectReason, Hooks } from '../extensions/hooks.js';
import type { HubOptions, OutboxLimits } from '../hub-options.js';
import { createSession } from '../ids.js';
import type { ConnectionSlots } from '../limits/connection-slots.js';
import type { MessageContext } from '../messages/message-context.js';
import type { FanOut } from '../outbox/fan-out.js';
import type { RevocationList } from '../ports/access.js';
import type { Broker } from '../ports/broker.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Cluster } from '../ports/cluster.js';
import type { Logger } from '../ports/logger.js';
import type { Presence, PresenceEntry } from '../ports/presence.js';
import type { Encoding, TransportLink } from '../ports/transport.js';
import { entryOf, identityOf, type Membership } from '../rooms/membership.js';
import type { UserStatus } from '../rooms/user-status.js';
import type { SessionKeeper } from '../sessions/session-keeper.js';
import type { CatchUp } from '../streams/catch-up.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { Counters } from '../stats.js';
import type { ConnectionRegistry } from '../connections/connection-registry.js';
import { connectionsToReplace, entriesToReplace, mayReplace } from '../connections/device-policy.js';
import type { TokenExpiry } from '../connections/token-expiry.js';

/** What a {@link Connector} needs. */
export interface ConnectorDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: () => HubOptions;
  readonly host: ConnectionHost<Connection>;
  readonly connections: ConnectionRegistry;
  readonly slots: ConnectionSlots;
  readonly fanOut: FanOut;
  readonly heartbeat: Heartbeat<Connection>;
  readonly hooks: Hooks<Connection, MessageContext>;
  readonly events: EventBus;
  readonly broker: Broker;
  readonly presence: Presence;
  readonly cluster: Cluster;
  readonly namespaces: NamespaceTable;
  readonly membership: Membership;
  readonly userStatus: UserStatus;
  readonly catchUp: CatchUp;
  readonly inboxReaders: InboxReaders;
  readonly keeper: SessionKeeper;
  readonly expiry: TokenExpiry;
  readonly counters: Counters;
  readonly revocations?: RevocationList | undefined;
}

/** How long a connection that closes waits for a blocked link to take what is queued. */
const closeDrainMs = 2_000;

/** How long what waits for a client that will resume is held back. */
const resumeWaitMs = 5_000;

/** Takes connections in after the 101 and sees them off at their end (PROTOCOL.md §1.5). */
export class Connector {
  readonly #deps: ConnectorDependencies;
  /** Whose subscription to the user's messages is still being made, or failed: at their end there is nothing to unsubscribe. */
  readonly #unsubscribed = new Set<Connection>();
  readonly #closeTimers = new Map<Connection, Timer>();
  readonly #ending = new Set<Promise<void>>();
  /** One for all: idle connections cost memory. */
  readonly #outboxLimits = (): OutboxLimits => this.#deps.options().outbox;

  constructor(dependencies: ConnectorDependencies) {
    this.#deps = dependencies;
  }

  /** Makes the connection at once; connect callbacks run with its messages held back, then it hears `welcome`. */
  open(admission: Admission, link: TransportLink, encoding: Encoding): Connection {
    const { clock, host, fanOut, connections, slots, heartbeat, counters } = this.#deps;
    const connection = new Connection({
      id: admission.connectionId,
      handshake: admission.handshake,
      link,
      encoding,
      host,
      outbox: { fanOut, limits: this.#outboxLimits },
      connectedAt: clock.now(),
    });
    counters.acceptedConnections += 1;
    connection.pauseInbound();
    connections.add(connection);
    // From here on it is counted itself, instead of its handshake.
    slots.opened(connection.remoteAddress);
    admission.opened();
    heartbeat.add(connection);
    this.#track(this.#connect(connection, admission.handshake));
    return connection;
  }

  /** It begins to close: what is queued may leave, but not for ever. */
  closing(connection: Connection): void {
    const cut = this.#deps.clock.after(closeDrainMs, () => connection.closeNow('normal'));
    this.#closeTimers.set(connection, cut);
  }

  /** Its link is gone. */
  closed(connection: Connection, reason: DisconnectReason): void {
    this.#closeTimers.get(connection)?.cancel();
    this.#closeTimers.delete(connection);
    this.#deps.catchUp.forget(connection);
    this.#deps.inboxReaders.forget(connection);
    this.#deps.keeper.closed(connection, reason);
    this.#track(this.#disconnect(connection, reason));
  }

  /** Settles once nothing that belongs to a connection's beginning or end is under way. */
  async settled(): Promise<void> {
    while (this.#ending.size > 0) await Promise.all(this.#ending);
    await this.#deps.keeper.settled();
  }

  async #connect(connection: Connection, handshake: Handshake): Promise<void> {
    const { clock, options } = this.#deps;
    try {
      await withDeadline(this.#prepare(connection), {
        clock,
        timeoutMs: options().connectTimeoutMs,
        onTimeout: () => new WscError('WSC_TIMEOUT', { message: 'The connect callbacks took too long.' }),
      });
    } catch (error) {
      this.#refuse(connection, error);
      return;
    }
    if (connection.state !== 'connecting') return;
    const { expiresAt = Infinity } = connection.principal ?? {};
    if (expiresAt <= clock.now()) connection.close('tokenExpired');
    else await this.#welcome(connection, handshake);
  }

  async #prepare(connection: Connection): Promise<void> {
    await this.#subscribe(connection);
    await this.#requireNotRevoked(connection);
    // It may have gone meanwhile.
    if (connection.state === 'connecting') await this.#deps.hooks.connect(connection);
  }

  async #subscribe(connection: Connection): Promise<void> {
    if (connection.userId === undefined) return;
    this.#unsubscribed.add(connection);
    await this.#deps.broker.subscribe({ kind: 'user', userId: connection.userId });
    // It may have gone while the subscription was made; then nobody else would end it.
    if (!this.#unsubscribed.delete(connection))
      await this.#deps.broker.unsubscribe({ kind: 'user', userId: connection.userId });
  }

  /** The credential may have been revoked since the gate looked. */
  async #requireNotRevoked({ principal }: Connection): Promise<void> {
    if (principal === undefined) return;
    if (await isRevoked(this.#deps.revocations, principal)) throw new WscError('WSC_UNAUTHORIZED');
  }

  async #welcome(connection: Connection, handshake: Handshake): Promise<void> {
    const { options, connections, expiry, events, membership } = this.#deps;
    if (connection.userId !== undefined) {
      const { devicePolicy } = options();
      for (const other of connectionsToReplace(devicePolicy, connections.ofUser(connection.userId), connection))
        other.close('replaced');
      // Later devices hold all the places.
      if (connection.isClosed) return;
    }
    expiry.watch(connection);
    connection.open(this.#welcomeOf(connection, handshake));
    this.#startInbox(connection, handshake);
    events.emit('client.connected', identityOf(connection));
    await this.#attempt('A user could not be announced online.', () => this.#announceArrival(connection));
    await membership.welcomed(connection);
  }

  /** A client that will resume first says what it has; unless it does not. */
  #startInbox(connection: Connection, { wantsResume }: Handshake): void {
    const { clock, inboxReaders } = this.#deps;
    if (!wantsResume) {
      inboxReaders.start(connection);
      return;
    }
    void inboxReaders.expect(connection);
    clock.after(resumeWaitMs, () => inboxReaders.start(connection));
  }

  #welcomeOf(connection: Connection, { wantsResume }: Handshake): ServerEnvelope {
    const { nodeId, heartbeatIntervalMs, limits } = this.#deps.options();
    return {
      type: 'welcome',
      data: {
        protocol: 'wsc.v1',
        connectionId: connection.id,
        ...(connection.userId !== undefined && { userId: connection.userId }),
        deviceId: connection.deviceId,
        nodeId,
        session: wantsResume ? this.#deps.keeper.begin(connection) : createSession(),
        pingIntervalMs: heartbeatIntervalMs,
        maxMessageBytes: limits.maxMessageBytes,
        serverTime: this.#deps.clock.now(),
      },
    };
  }

  async #announceArrival(connection: Connection): Promise<void> {
    const { presence, events, userStatus, options } = this.#deps;
    const entry = entryOf(connection, options().nodeId);
    if (entry === undefined) return;
    const { isFirst } = await presence.added(entry);
    if (isFirst) events.emit('user.online', identityOf(connection));
    userStatus.cameOnline(entry.userId);
    if (!isFirst) await this.#replaceEverywhere(connection, entry);
  }

  /** Puts out the devices for which there is no place any more, counted on all nodes. */
  async #replaceEverywhere(connection: Connection, entry: PresenceEntry): Promise<void> {
    const { presence, cluster, connections, options } = this.#deps;
    const { devicePolicy } = options();
    if (!mayReplace(devicePolicy) || cluster.nodes().length === 1) return;
    const entries = await presence.connectionsOf(entry.userId);
    for (const { connectionId } of entriesToReplace(devicePolicy, entries, entry)) {
      const here = connections.get(connectionId);
      if (here !== undefined) here.close('replaced');
      else await cluster.ask('others', { kind: 'closeConnection', connectionId, closeCode: closeCodes.replaced });
    }
  }

  #refuse(connection: Connection, error: unknown): void {
    const how = closeCodeFor(error);
    if (how === 'internalError') {
      this.#deps.logger.error('A connect callback failed.', { connectionId: connection.id, cause: error });
      this.#deps.hooks.error(error, connection);
    }
    connection.close(how);
  }

  async #disconnect(connection: Connection, reason: DisconnectReason): Promise<void> {
    const { connections, slots, heartbeat, expiry, events, hooks, membership, counters } = this.#deps;
    if (!connections.delete(connection)) return;
    slots.closed(connection.remoteAddress);
    const isSubscribed = connection.userId !== undefined && !this.#unsubscribed.delete(connection);
    heartbeat.remove(connection);
    expiry.forget(connection);
    // A close that the server itself asked for is no error; a broken link is not one either.
    if (reason.code === 1002 || reason.code === 1007 || reason.code === 1009) counters.errors += 1;
    const rooms = await membership.leaveAll(connection);
    if (isSubscribed) await this.#attempt('A subscription could not be ended.', () => this.#unsubscribe(connection));
    if (!connection.isWelcomed) {
      await this.#attempt('A place could not be given back.', () => this.#giveBackPlace(connection));
      return;
    }
    await this.#attempt('A user could not be announced offline.', () => this.#announceDeparture(connection, rooms));
    events.emit('client.disconnected', { ...identityOf(connection), data: reason });
    await hooks.disconnect(connection, reason);
  }

  async #announceDeparture(connection: Connection, rooms: readonly string[]): Promise<void> {
    const { presence, userStatus, namespaces, events, options } = this.#deps;
    const entry = entryOf(connection, options().nodeId);
    if (entry === undefined || !(await presence.removed(entry)).isLast) return;
    events.emit('user.offline', identityOf(connection));
    userStatus.wentOffline(
      entry.userId,
      rooms.filter((room) => namespaces.of(room)?.presence === true),
    );
  }

  async #giveBackPlace(connection: Connection): Promise<void> {
    const entry = entryOf(connection, this.#deps.options().nodeId);
    if (entry !== undefined) await this.#deps.presence.release(entry);
  }

  async #unsubscribe({ userId }: Connection): Promise<void> {
    if (userId !== undefined) await this.#deps.broker.unsubscribe({ kind: 'user', userId });
  }

  /** What others can't be told must not keep the rest from happening. */
  async #attempt(failure: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      logFailure(this.#deps.logger, failure, { level: 'error', cause });
    }
  }

  #track(work: Promise<void>): void {
    const tracked = this.#attempt('A connection could not be announced.', () => work).finally(() =>
      this.#ending.delete(tracked),
    );
    this.#ending.add(tracked);
  }
}

/** What a client hears whose connect callback refused, took too long or failed (PROTOCOL.md §1.5). */
function closeCodeFor(error: unknown): 'unauthorized' | 'overloaded' | 'internalError' {
  if (!(error instanceof WscError)) return 'internalError';
  if (error.error === 'WSC_UNAUTHORIZED' || error.error === 'WSC_FORBIDDEN') return 'unauthorized';
  // What else a callback throws is hardly meant as a no, and a client that stays away for good would hide the mistake.
  return error.temporary ? 'overloaded' : 'internalError';
}
