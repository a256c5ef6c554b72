export type { AuthorizeChat } from './built-ins/chat-route.js';
export type { Admission, ConnectGuard, Gate } from './connect/gate.js';
export { Handshake, type HandshakeInit, type HandshakeRequest } from './connect/handshake.js';
export type { Endpoint, PathMatch, PathTable } from './connect/path-table.js';
export type { Principal } from './connect/principal.js';
export { HandshakeRefusal, refuse, type RefusalBody } from './connect/refusal.js';
export { Connection, type ConnectionState } from './connections/connection.js';
export type { EventBus, HubEvent, HubEventFields, HubEventListener, HubEventName } from './extensions/events.js';
export type {
  ConnectHook,
  DisconnectHook,
  ResumedSession,
  ResumeHook,
  DisconnectReason,
  ErrorHook,
  Hooks,
  MessageHook,
  MessageSentHook,
} from './extensions/hooks.js';
export { Hub } from './hub.js';
export {
  defaultHubOptions,
  type AuthMode,
  type BuiltInOptions,
  type DevicePolicy,
  type HubLimits,
  type HubOptions,
  type OutboxLimits,
} from './hub-options.js';
export type { HubDependencies } from './hub-parts.js';
export { CustomError } from './inbound/custom-error.js';
export type { MessageHandler, Route, RouteTable } from './inbound/route-table.js';
export type {
  InboundMessage,
  InterceptorChain,
  OutboundTarget,
  WscInterceptorLike,
} from './extensions/interceptors.js';
export type { MaybePromise } from './async/maybe-promise.js';
export type { AckOutcome, AckSendOptions } from './messages/acked-send.js';
export { MessageContext } from './messages/message-context.js';
export type { ConnectionSendOptions, MessageInput, OutboundMessage, Priority, SendResult } from './messages/message.js';
export type { RoomSendOptions, SendOptions, UserSendOptions } from './messages/send-options.js';
export type { Middleware } from './extensions/middleware.js';
export type {
  AddressPolicy,
  Authenticator,
  ConnectTokens,
  IssuedConnectToken,
  OriginPolicy,
  RevocationList,
} from './ports/access.js';
export { backpressures, isBackpressure, type Backpressure, type DropPolicy } from './outbox/backpressure.js';
export type { ClusterStats } from './cluster/everywhere.js';
export { createInstanceId } from './ids.js';
export {
  PublishError,
  type Audience,
  type Broker,
  type BrokerListener,
  type BrokerMessage,
  type DeliveryCount,
  type Destination,
  type OpenMessageListener,
  type OpenMessages,
  type PublishResult,
} from './ports/broker.js';
export type {
  Cluster,
  ClusterAnswer,
  ClusterAnswers,
  ClusterHealth,
  ClusterListener,
  ClusterNotice,
  ClusterRequest,
  NodeInfo,
} from './ports/cluster.js';
export type { Clock, Timer } from './ports/clock.js';
export {
  defaultInboxLimits,
  silentDevice,
  unnamedDevice,
  type DeadLetter,
  type Inbox,
  type InboxEntry,
  type InboxLimits,
  type InboxPage,
  type InboxPageRequest,
  type InboxSize,
  type InboxStored,
  type InboxWrite,
} from './ports/inbox.js';
export type { Claim, ClaimedRequest, ClaimLimits, RequestClaims } from './ports/request-claims.js';
export type {
  SessionOwner,
  SessionPlace,
  SessionRoom,
  Sessions,
  SessionState,
  SessionSuccessor,
} from './ports/sessions.js';
export type { LogContext, Logger } from './ports/logger.js';
export type { MessageNote, MessageRecord, MessageRecords, MessageStatus } from './ports/message-records.js';
export type {
  ExpiredUser,
  PageRequest,
  PlaceLimits,
  PlaceResult,
  Presence,
  PresenceEntry,
  PresenceListener,
  RoomArrival,
  RoomUser,
  UserPage,
} from './ports/presence.js';
export type {
  StreamEntry,
  StreamLimits,
  StreamPosition,
  StreamRead,
  StreamReadLimit,
  Streams,
  StreamWrite,
  StreamWriteResult,
} from './ports/streams.js';
export type { EncodeOptions, Encoding, TransportLink } from './ports/transport.js';
export type { History, HistoryOptions } from './streams/history-options.js';
export type { Namespace, NamespaceOptions, NamespaceTable, RoomPolicy } from './rooms/namespace-table.js';
export type { JoinOptions, Role, RoomInfo, RoomOptions } from './rooms/room.js';
export type { SchemaIssue, SchemaResult, StandardSchemaV1 } from './extensions/standard-schema.js';
export type { HubStats } from './stats.js';
