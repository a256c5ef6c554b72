import type { CloseCode } from '@nest-wsc/protocol';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';
import type { Role } from '../rooms/room.js';

/** One gateway process, as the others see it. */
export interface NodeInfo {
  /** As it was configured. */
  readonly nodeId: string;
  /** Its address among the nodes: new at each start, and after each time that the others took it for dead. */
  readonly instanceId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** A user whose last connection is gone, which the members of these rooms have not been told. */
export interface DepartedUser {
  readonly userId: string;
  readonly rooms: readonly string[];
  /** Milliseconds since 1970. */
  readonly lastSeen: number;
}

/** What one node asks of others. */
export type ClusterRequest =
  | { readonly kind: 'stats' }
  | { readonly kind: 'closeUser'; readonly userId: string; readonly closeCode: CloseCode }
  | { readonly kind: 'closeConnection'; readonly connectionId: string; readonly closeCode: CloseCode }
  | {
      readonly kind: 'closeRoom';
      readonly room: string;
      readonly reason: string;
      /** What its members hear; absent: an interceptor has let nobody hear it. */
      readonly message?: OutboundMessage;
    }
  | { readonly kind: 'revoked'; readonly tokenId: string }
  /** Tells rooms of those who are not back by then, since the node that they were on has closed. */
  | { readonly kind: 'departed'; readonly users: readonly DepartedUser[]; readonly withinMs: number }
  | { readonly kind: 'send'; readonly connectionId: string; readonly message: OutboundMessage }
  | { readonly kind: 'join'; readonly connectionId: string; readonly room: string; readonly role: Role }
  | { readonly kind: 'leave'; readonly connectionId: string; readonly room: string };

/** What one node tells another: at most once, without an answer. */
export type ClusterNotice =
  /** A device has acknowledged a message that the other node waits for. */
  | {
      readonly kind: 'acked';
      readonly messageId: string;
      readonly userId: string;
      readonly deviceId: string;
      readonly connectionId: string;
    }
  /** What became here of a message that the other node wants acknowledged. */
  | {
      readonly kind: 'handed';
      readonly messageId: string;
      readonly userId: string;
      readonly attempt: number;
      readonly queued: number;
      readonly dropped: number;
    };

/** One node's answer. */
export interface ClusterAnswer {
  readonly node: NodeInfo;
  readonly value: unknown;
}

/** What came of a question. */
export interface ClusterAnswers {
  readonly answers: readonly ClusterAnswer[];
  /** Nodes that live but did not answer in time. */
  readonly missing: readonly NodeInfo[];
}

/** What a node does for the others. None of these throws or rejects. */
export interface ClusterListener {
  /** Answers a question with what JSON can write. */
  request(request: ClusterRequest): MaybePromise<unknown>;
  notice(notice: ClusterNotice): void;
  joined(node: NodeInfo): void;
  left(node: NodeInfo): void;
  /** The others took this node for dead, or the store was emptied: what it has told must be told anew. */
  lost(): void;
}

/** Whether this node reaches the others. */
export interface ClusterHealth {
  readonly isReady: boolean;
  /** What is wrong, for operators. */
  readonly reason?: string;
}

/**
 * The nodes that act as one. Promises: a node that closes is gone from `nodes` at once, one that dies within 15 s; `ask` waits for
 * nodes that live, for a second at most, and says who did not answer. Does not promise: that a notice arrives.
 */
export interface Cluster {
  readonly self: NodeInfo;
  /** Called once, before anything else. */
  start(listener: ClusterListener): MaybePromise<void>;
  /** Those that live, this one first. */
  nodes(): readonly NodeInfo[];
  /** Asks all others, or those with these instance ids. Never rejects. */
  ask(to: 'others' | readonly string[], request: ClusterRequest): MaybePromise<ClusterAnswers>;
  /** Never throws; what can't be sent now is lost. */
  tell(instanceId: string, notice: ClusterNotice): void;
  health(): ClusterHealth;
  /** Ends it; called once, last. */
  close(): MaybePromise<void>;
}
