import type { WscError } from '@nest-wsc/protocol';
import type { DisconnectReason } from '../extensions/hooks.js';
import type { MessageInput } from '../messages/message.js';
import type { EncodedMessage } from '../outbox/encoded-message.js';

/** What a connection asks of its hub. `C` is the connection, which imports this and not the other way round. */
export interface ConnectionHost<C> {
  /** Answers the message's id. `ack`: asks for an acknowledgement. */
  send(connection: C, message: MessageInput, ack: boolean): string;
  reply(connection: C, requestId: string, data: unknown): void;
  refuse(connection: C, requestId: string | undefined, error: WscError): void;
  join(connection: C, room: string): Promise<void>;
  leave(connection: C, room: string): Promise<void>;
  /** A policy let go of a message to it: one that was queued, or the one that was just pushed. */
  messageDropped(connection: C, message: EncodedMessage, wasQueued: boolean): void;
  /** It has come into a room, or out of one. */
  roomsChanged(connection: C): void;
  /** Its link takes more, after it did not. */
  drained(connection: C): void;
  /** It was given up for being slow. */
  slowConsumerClosed(): void;
  /** Made when the first message comes: an idle connection holds none. */
  createInbound(connection: C): InboundReceiver;
  closing(connection: C): void;
  closed(connection: C, reason: DisconnectReason): void;
  /** Coarse monotonic milliseconds. */
  coarseNow(): number;
}

/** What takes the messages of one connection. */
export interface InboundReceiver {
  receive(payload: string | Uint8Array): void;
  /** `welcome` is out: what was held back may start. */
  release(): void;
  /** The connection begins to close: what has not started never will. */
  stop(): void;
  /** The connection is gone. */
  abort(): void;
}
