import { builtInRoutes } from './built-ins/built-in-routes.js';
import type { AuthorizeChat } from './built-ins/chat-route.js';
import { Gate } from './connect/gate.js';
import { PathTable } from './connect/path-table.js';
import { messageOf } from './async/as-error.js';
import type { MaybePromise } from './async/maybe-promise.js';
import type { ConnectionHost } from './connections/connection-host.js';
import type { Connection } from './connections/connection.js';
import { EventBus } from './extensions/events.js';
import { guardedLogger } from './extensions/guarded-logger.js';
import { Heartbeat } from './connections/heartbeat.js';
import { Hooks } from './extensions/hooks.js';
import type { HubOptions } from './hub-options.js';
import { Answers } from './inbound/answers.js';
import { InFlight } from './inbound/in-flight.js';
import type { InboundDependencies } from './inbound/inbound.js';
import { Pipeline } from './inbound/pipeline.js';
import { RouteTable } from './inbound/route-table.js';
import { InterceptorChain } from './extensions/interceptors.js';
import { Connector } from './lifecycle/connector.js';
import { PresenceNews } from './lifecycle/presence-news.js';
import { ConnectionSlots } from './limits/connection-slots.js';
import { ClaimedRuns } from './idempotency/claimed-runs.js';
import { IdempotencyTable } from './idempotency/idempotency-table.js';
import { Everywhere } from './cluster/everywhere.js';
import { LocalActions } from './cluster/local-actions.js';
import { AckTable } from './messages/ack-table.js';
import { Arrivals } from './messages/arrivals.js';
import { Delivery } from './messages/delivery.js';
import { ForeignAcks } from './messages/foreign-acks.js';
import { Ingestion } from './messages/ingestion.js';
import type { MessageContext } from './messages/message-context.js';
import { KeptSends } from './messages/kept-sends.js';
import { Sender } from './messages/sender.js';
import type { ComposedMiddleware } from './extensions/middleware.js';
import { FanOut } from './outbox/fan-out.js';
import { Inboxes } from './inbox/inboxes.js';
import { InboxReaders } from './inbox/inbox-readers.js';
import { RecordKeeper } from './records/record-keeper.js';
import { ackedNote } from './records/send-notes.js';
import { Resumption } from './sessions/resumption.js';
import { SessionKeeper } from './sessions/session-keeper.js';
import { CatchUp } from './streams/catch-up.js';
import { EntryDelivery } from './streams/entry-delivery.js';
import { LiveRooms } from './streams/live-rooms.js';
import { Recovery } from './streams/recovery.js';
import { SharedPages } from './streams/shared-pages.js';
import { RoomFeeds } from './streams/room-feeds.js';
import type { AddressPolicy, Authenticator, ConnectTokens, OriginPolicy, RevocationList } from './ports/access.js';
import type { Broker, OpenMessages } from './ports/broker.js';
import type { Clock } from './ports/clock.js';
import type { Cluster } from './ports/cluster.js';
import type { Inbox } from './ports/inbox.js';
import type { Ingest } from './ports/ingest.js';
import type { Logger } from './ports/logger.js';
import type { MessageRecords } from './ports/message-records.js';
import type { Presence } from './ports/presence.js';
import type { Sessions } from './ports/sessions.js';
import type { RequestClaims } from './ports/request-claims.js';
import type { Streams } from './ports/streams.js';
import { identityOf, Membership } from './rooms/membership.js';
import { NamespaceTable } from './rooms/namespace-table.js';
import { RoomAccess } from './rooms/room-access.js';
import { RoomRegistry } from './rooms/room-registry.js';
import { UserStatus } from './rooms/user-status.js';
import { createCounters, type HubStats } from './stats.js';
import { ConnectionRegistry } from './connections/connection-registry.js';
import { SlowConsumers } from './connections/slow-consumers.js';
import { TokenExpiry } from './connections/token-expiry.js';

/** What a hub stands on: one implementation of each port. */
export interface HubDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly broker: Broker;
  readonly presence: Presence;
  readonly cluster: Cluster;
  readonly streams: Streams;
  readonly inbox: Inbox;
  readonly sessions: Sessions;
  /** Absent: what becomes of messages is not recorded. */
  readonly records?: MessageRecords | undefined;
  /** Absent: a request with an id runs once on this node, and perhaps on another one too. */
  readonly requestClaims?: RequestClaims | undefined;
  /** Absent: nobody else publishes. */
  readonly openMessages?: OpenMessages | undefined;
  /** Absent: nobody else writes what must not be lost. */
  readonly ingest?: Ingest | undefined;
  /** What the others stand on, for example their connections: ended after all of them. */
  readonly foundation?: { close(): MaybePromise<void> } | undefined;
  /** Absent: connections are anonymous. */
  readonly authenticator?: Authenticator | undefined;
  /** Absent: credentials can't be revoked. */
  readonly revocations?: RevocationList | undefined;
  readonly connectTokens?: ConnectTokens | undefined;
  /** Absent: the socket's peer is the client, and every address may connect. */
  readonly addresses?: AddressPolicy | undefined;
  /** Absent: every origin may connect. */
  readonly origins?: OriginPolicy | undefined;
}

/** What the hub itself gives its parts: facts that change while it runs. */
export interface HubState {
  readonly options: () => HubOptions;
  readonly isOpen: () => boolean;
  readonly isDraining: () => boolean;
  /** Before a user who went offline is announced so: longer while it closes, since clients were told when to come back. */
  readonly offlineGraceMs: () => number;
  /** Undefined: there is none. */
  readonly middleware: () => ComposedMiddleware<MessageContext> | undefined;
  readonly authorizeChat: () => AuthorizeChat | undefined;
  readonly stats: () => HubStats;
}

/** What a hub consists of. */
export type HubParts = ReturnType<typeof createHubParts>;

/** Builds the parts of a hub, each from those before it. */
export function createHubParts(dependencies: HubDependencies, state: HubState, host: ConnectionHost<Connection>) {
  const deps = { ...dependencies, logger: guardedLogger(dependencies.logger) };
  const foundation = createFoundation(deps, state);
  const kept = createKept(deps, foundation);
  const messaging = createMessaging(deps, state, { ...foundation, ...kept });
  const rooms = createRooms(deps, state, { ...foundation, ...kept, ...messaging });
  const connecting = createConnecting(deps, state, { ...foundation, ...kept, ...rooms, host });
  const inbound = createInbound(deps, state, { ...foundation, ...kept, ...messaging, ...rooms, ...connecting });
  const nodes = createNodes(deps, state, { ...foundation, ...messaging, ...rooms });
  return { ...foundation, ...kept, ...messaging, ...rooms, ...connecting, ...inbound, ...nodes };
}

type Foundation = ReturnType<typeof createFoundation>;
type Kept = ReturnType<typeof createKept>;
type Messaging = ReturnType<typeof createMessaging>;
type Rooms = ReturnType<typeof createRooms>;
type Connecting = ReturnType<typeof createConnecting>;

/** What is counted, told and kept of this node. */
function createFoundation({ clock, logger }: HubDependencies, { options }: HubState) {
  const limits = () => options().limits;
  const connections = new ConnectionRegistry();
  const connectionsOf = (userId: string) => connections.ofUser(userId);
  const namespaces = new NamespaceTable();
  const events = new EventBus({ clock, logger });
  const counters = createCounters();
  const hooks = new Hooks<Connection, MessageContext>({ logger });
  hooks.onError((error, connection) => {
    events.emit('error', {
      ...(connection !== undefined && identityOf(connection)),
      data: { message: messageOf(error) },
    });
  });
  return {
    limits,
    connections,
    connectionsOf,
    namespaces,
    rooms: new RoomRegistry({ clock, namespaces, limits, connectionsOf }),
    counters,
    slowConsumers: new SlowConsumers({ clock, events, counters }),
    events,
    hooks,
    interceptors: new InterceptorChain<Connection>(),
    /** What the application has asked for could not be done, and perhaps nobody awaits it. */
    callFailed: (cause: unknown): void => {
      counters.errors += 1;
      logger.debug('What the application asked for could not be done.', { cause });
    },
  };
}

/** What is kept, brought to the connections of this node: rooms with history, and inboxes. */
function createKept({ clock, logger, streams, inbox, records }: HubDependencies, foundation: Foundation) {
  const { rooms, namespaces, slowConsumers, counters } = foundation;
  const entries = new EntryDelivery(foundation);
  const recordKeeper = new RecordKeeper({ clock, logger, records });
  const feeds: RoomFeeds = new RoomFeeds({
    ...{ clock, logger, streams },
    deliver: (room, entry, epoch) => live.deliver(room, entry, epoch),
    onLost: (room) => live.lost(room),
    onAdvanced: (room) => catchUp.advanced(room),
  });
  const pages = new SharedPages({ clock, streams, feeds, entries });
  const catchUp: CatchUp = new CatchUp({ clock, logger, pages, feeds, rooms, entries });
  const live: LiveRooms = new LiveRooms({ rooms, entries, catchUp, slowConsumers });
  return {
    feeds,
    catchUp,
    recovery: new Recovery({ streams, feeds, rooms, namespaces, catchUp, counters }),
    recordKeeper,
    inboxReaders: new InboxReaders({ ...foundation, clock, logger, inbox, recordKeeper }),
  };
}

/** The way out. */
function createMessaging(
  { clock, broker, cluster, streams, inbox }: HubDependencies,
  { options }: HubState,
  foundation: Foundation & Kept,
) {
  const { connections, rooms, namespaces, counters, callFailed, feeds, inboxReaders, recordKeeper } = foundation;
  const delivery = new Delivery({ connections, rooms, namespaces, counters });
  const foreignAcks = new ForeignAcks({
    clock,
    tell: (instanceId, ack) => {
      if (instanceId === cluster.self.instanceId) recordKeeper.note(ack.userId, ackedNote(ack));
      else cluster.tell(instanceId, { kind: 'acked', ...ack });
    },
  });
  const acks = new AckTable({ clock, foreignAcks });
  const arrivals = new Arrivals({ delivery, feeds, inboxReaders, foreignAcks, cluster });
  const onceWindowMs = () => options().idempotencyWindowMs;
  const keptSends = new KeptSends({ ...foundation, clock, streams, inbox, onceWindowMs });
  const sender = new Sender({
    ...foundation,
    clock,
    broker,
    cluster,
    delivery,
    acks,
    foreignAcks,
    keptSends,
    onFailure: callFailed,
  });
  const ingestion = new Ingestion({ sender, namespaces });
  return {
    delivery,
    acks,
    foreignAcks,
    arrivals,
    sender,
    ingestion,
    inboxes: new Inboxes({ inbox, sender, recordKeeper }),
  };
}

function createRooms(
  deps: HubDependencies,
  { options, offlineGraceMs }: HubState,
  parts: Foundation & Kept & Messaging,
) {
  const { clock, logger, broker, presence } = deps;
  const { connections, rooms, namespaces, sender, events, feeds, recovery } = parts;
  const userStatus = new UserStatus({
    clock,
    graceMs: offlineGraceMs,
    isOnline: (userId) => presence.isOnline(userId),
    send: (room, data) =>
      void sender.tellRoom(room, { event: 'user_status', data, key: `user_status:${data.user_id}` }),
  });
  const { nodeId } = options();
  const membership = new Membership({
    clock,
    nodeId,
    rooms,
    namespaces,
    broker,
    presence,
    sender,
    events,
    logger,
    userStatus,
    feeds,
    recovery,
  });
  const presenceNews = new PresenceNews({ connections, events, membership, namespaces, userStatus });
  const access = new RoomAccess({ namespaces, rooms });
  const windowMs = () => options().resumeWindowMs;
  const keeper = new SessionKeeper({ clock, logger, sessions: deps.sessions, rooms, access, windowMs });
  return { userStatus, membership, presenceNews, access, keeper };
}

/** From the upgrade request to the end of a connection. */
function createConnecting(
  deps: HubDependencies,
  { options, isOpen }: HubState,
  parts: Foundation & Kept & Rooms & { readonly host: ConnectionHost<Connection> },
) {
  const { clock } = deps;
  const paths = new PathTable();
  const slots = new ConnectionSlots();
  const gate = new Gate({ ...deps, ...parts, options, isOpen, paths, slots });
  const fanOut = new FanOut({
    clock,
    flushDelayMs: () => options().outbox.flushDelayMs,
    writeTimeoutMs: () => options().outbox.writeTimeoutMs,
  });
  const heartbeat = new Heartbeat<Connection>({
    clock,
    intervalMs: () => options().heartbeatIntervalMs,
    timeoutMs: () => options().clientTimeoutMs,
    ping: (connection) => connection.ping(),
    expire: (connection) => connection.closeNow('noPong'),
  });
  const expiry = new TokenExpiry(clock, (connection) => connection.close('tokenExpired'));
  const connector = new Connector({ ...deps, ...parts, options, slots, fanOut, heartbeat, expiry });
  return { paths, slots, gate, fanOut, heartbeat, expiry, connector };
}

/** This node and the others. */
function createNodes(
  { cluster, sessions }: HubDependencies,
  { stats }: HubState,
  parts: Foundation & Messaging & Rooms,
) {
  const local = new LocalActions({ ...parts, stats });
  return { local, everywhere: new Everywhere({ cluster, local, sessions }) };
}

/** The way in. */
function createInbound(
  deps: HubDependencies,
  state: HubState,
  parts: Foundation & Kept & Messaging & Rooms & Connecting,
) {
  const { options, isDraining } = state;
  const routes = new RouteTable();
  const once = { clock: deps.clock, windowMs: () => options().idempotencyWindowMs };
  const idempotency = new IdempotencyTable(once);
  const claims = deps.requestClaims;
  const claimedRuns = claims && new ClaimedRuns({ ...once, claims });
  const answers = new Answers({ ...deps, ...parts });
  const pipeline = new Pipeline({ ...parts, routes, idempotency, claimedRuns, answers, middleware: state.middleware });
  const inFlight = new InFlight();
  const userTypes = () => options().userTypes;
  const { authorizeChat } = state;
  const resumption = new Resumption({ ...deps, ...parts });
  for (const route of builtInRoutes({
    ...deps,
    ...parts,
    resumption,
    enabled: options().builtIns,
    userTypes,
    authorizeChat,
  })) {
    routes.add(route);
  }
  const inbound: InboundDependencies = { ...deps, ...parts, routes, pipeline, answers, inFlight, isDraining };
  return { routes, answers, inFlight, inbound };
}
