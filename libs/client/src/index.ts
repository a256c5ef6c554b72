export { WscClient, type JoinOptions, type RoomMessageOptions } from './client.js';
export { createClient } from './create-client.js';
export type { PresentUser, RefreshedToken, RoomPresence, SentMessage } from './built-in-answers.js';
export type { CloseInfo, ConnectionInfo, ConnectionState } from './connection-state.js';
export type { ErrorContext, ErrorListener, ErrorSource } from './error-reporter.js';
export type {
  AnyEvents,
  AnyRequests,
  BuiltInEvents,
  EventData,
  EventName,
  Message,
  MessageHandler,
  RequestData,
  RequestName,
  RequestShape,
  ResponseData,
} from './event-map.js';
export type { Unsubscribe } from './listeners.js';
export type { QueueOptions, QueuePolicy } from './offline-queue.js';
export type { ReconnectOptions, WscClientOptions } from './options.js';
export type { Page, PageEventTarget } from './page-lifecycle.js';
export type { Position } from './position.js';
export type { PositionStore, RoomPositions } from './position-store.js';
export type { InboxRecovery, JoinedRoom, LossReason, RoomRecovery } from './recovery-answers.js';
export type { Reconnection } from './resumption.js';
export type { AskOptions, RequestOptions } from './request-table.js';
export type { Cancel, Scheduler } from './scheduler.js';
export type { GetSnapshot } from './snapshots.js';
export type { ClientSocket, SocketFactory } from './socket.js';
export type { TokenOrProvider, TokenProvider, TokenReason } from './token-source.js';
export { WscError, type ErrorName } from '@nest-wsc/protocol';
