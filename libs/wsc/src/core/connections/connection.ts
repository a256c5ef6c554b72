import {
  describeValue,
  type CloseCode,
  type CloseCodeName,
  type ServerEnvelope,
  type WscError,
} from '@nest-wsc/protocol';
import { countOf, hasItem, itemsOf, withItem, withoutItem, type OneOrMany } from '../collections/one-or-many.js';
import type { ConnectionSendOptions, Priority } from '../messages/message.js';
import { protectedMessage, type EncodedMessage } from '../outbox/encoded-message.js';
import { Outbox, type OutboxFailure, type OutboxOptions } from '../outbox/outbox.js';
import type { TransportLink } from '../ports/transport.js';
import { parseCloseCode } from './close-code.js';
import type { ConnectionHost, InboundReceiver } from './connection-host.js';
import { ConnectionIdentity, type ConnectionIdentityInit } from './connection-identity.js';

/** `connecting`: from the 101 until `welcome`; it can be sent to, and everything queues behind `welcome`. */
export type ConnectionState = 'connecting' | 'open' | 'closing' | 'closed';

/** What a {@link Connection} is made of. */
export interface ConnectionInit extends ConnectionIdentityInit {
  readonly link: TransportLink;
  readonly host: ConnectionHost<Connection>;
  readonly outbox: Pick<OutboxOptions, 'fanOut' | 'limits'>;
}

/**
 * One open transport link of this node. Handlers get it; the socket behind it stays with the transport.
 * What is marked as internal is for the transport and the hub.
 */
export class Connection extends ConnectionIdentity {
  /** Coarse monotonic milliseconds of the last traffic from the remote program. Kept for the heartbeat. */
  lastSeenAt: number;
  /** Kept by the heartbeat: when it is looked at next; undefined while it is not watched. */
  visitTick: number | undefined;

  readonly #link: TransportLink;
  readonly #host: ConnectionHost<Connection>;
  readonly #outbox: Outbox;
  #canAck: boolean;
  #state: ConnectionState = 'connecting';
  #rooms: OneOrMany<string> | undefined;
  #serverClose: CloseCode | undefined;
  #inbound: InboundReceiver | undefined;
  #whenGone: (() => void)[] | undefined;
  #isWelcomed = false;
  #isInboundPaused = false;

  constructor(init: ConnectionInit) {
    super(init);
    this.#link = init.link;
    this.#host = init.host;
    this.#canAck = init.encoding.codec.canAck && init.handshake.protocol !== undefined;
    this.lastSeenAt = init.host.coarseNow();
    this.#outbox = new Outbox({ ...init.outbox, link: init.link, encoding: init.encoding, owner: this });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Whether `welcome` was sent, so that others may know of it. */
  get isWelcomed(): boolean {
    return this.#isWelcomed;
  }

  /** Whether nothing can be sent to it any more. */
  get isClosed(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** Whether its client can acknowledge messages. */
  get canAck(): boolean {
    return this.#canAck;
  }

  /** The rooms it is in, as member or subscriber. */
  get rooms(): readonly string[] {
    return [...itemsOf(this.#rooms)];
  }

  get roomCount(): number {
    return countOf(this.#rooms);
  }

  /** Bytes that wait for its link. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  /** Whether its link takes nothing for now, or nothing is written before `welcome`. @internal */
  get isBlocked(): boolean {
    return this.#outbox.isBlocked;
  }

  /** Whether nothing is read from its client for now: it still connects, or its handlers are busy. */
  get isInboundPaused(): boolean {
    return this.#isInboundPaused;
  }

  isIn(room: string): boolean {
    return hasItem(this.#rooms, room);
  }

  /**
   * Sends a message to this connection alone and answers its id.
   * @throws {TypeError} for a bad event name or priority, which are the program's own.
   * @throws {WscError} WSC_INVALID_NAME for a bad id, WSC_INTERNAL where `data` can't be written.
   */
  send(event: string, data?: unknown, { ack = false, ...options }: ConnectionSendOptions = {}): string {
    return this.#host.send(this, { event, data, ...options }, ack);
  }

  /** Sends an application's own payload as one binary message, behind what is queued. @throws {TypeError} for what is no bytes. */
  sendRaw(payload: Uint8Array): boolean {
    requireBytes(payload);
    return this.pushEncoded(protectedMessage(this.encoding.encodeRaw(payload, { isBroadcast: false }), 'normal'));
  }

  /** Answers a request; for handlers that do it themselves. */
  reply(requestId: string, data: unknown): void {
    this.#host.reply(this, requestId, data);
  }

  /** Refuses a request; for handlers that do it themselves. */
  error(requestId: string | undefined, error: WscError): void {
    this.#host.refuse(this, requestId, error);
  }

  /** @throws {WscError} WSC_INVALID_NAME, WSC_LIMIT_EXCEEDED */
  join(room: string): Promise<void> {
    return this.#host.join(this, room);
  }

  leave(room: string): Promise<void> {
    return this.#host.leave(this, room);
  }

  /**
   * Closes it, once what is queued has left. A second call changes nothing.
   * @param how @default 'normal'
   * @throws {TypeError} for what is neither a name nor `{ code, reason }`.
   * @throws {WscError} WSC_VALIDATION_FAILED where a code can't be sent (RFC 6455 §7.4) or its reason is over 123 bytes.
   */
  close(how: CloseCodeName | CloseCode = 'normal'): void {
    const code = parseCloseCode(how);
    if (this.isClosed) return;
    this.#beginClose(code);
    this.#outbox.drain(() => this.#closeLink(code));
  }

  /** Closes it without waiting any longer for what is queued. @throws as {@link Connection.close} */
  closeNow(how: CloseCodeName | CloseCode): void {
    const code = parseCloseCode(how);
    if (!this.isClosed) this.#beginClose(code);
    if (this.#state === 'closing') this.#closeLink(this.#serverClose ?? code);
  }

  /** Bytes of one message have come. @internal */
  receive(payload: string | Uint8Array): void {
    this.touch();
    if (!this.isClosed) (this.#inbound ??= this.#host.createInbound(this)).receive(payload);
  }

  /** Any traffic has come, pongs too. @internal */
  touch(): void {
    this.lastSeenAt = this.#host.coarseNow();
  }

  /** The link takes bytes again. @internal */
  drained(): void {
    this.#outbox.drained();
  }

  /** The link is gone. @internal */
  closed(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    const serverClose = this.#serverClose;
    this.#state = 'closed';
    this.#outbox.close();
    this.#inbound?.abort();
    this.#whenGone?.forEach((resolve) => resolve());
    this.#host.closed(
      this,
      serverClose === undefined ? { code, reason, initiatedBy: 'client' } : { ...serverClose, initiatedBy: 'server' },
    );
  }

  /**
   * Queues an envelope of this connection's own. Answers whether it was queued.
   * @throws {TypeError} where its data can't be written.
   * @internal
   */
  pushEnvelope(envelope: ServerEnvelope, lane: Priority = 'normal'): boolean {
    if (this.isClosed) return false;
    const bytes = this.encoding.encodeForOne(envelope);
    return lane === 'normal' ? this.#outbox.pushOwn(bytes) : this.#outbox.push(protectedMessage(bytes, lane));
  }

  /** Queues what is encoded already, behind `welcome`. Answers whether it was queued. @internal */
  pushEncoded(message: EncodedMessage): boolean {
    return !this.isClosed && this.#outbox.push(message);
  }

  /** Reads nothing more from the remote program for now. @internal */
  pauseInbound(): void {
    this.#isInboundPaused = true;
    this.#link.pause();
  }

  /** Reads again. @internal */
  resumeInbound(): void {
    if (this.isClosed) return;
    this.#isInboundPaused = false;
    // What it has answered meanwhile is read only now.
    this.touch();
    this.#link.resume();
  }

  /** Cuts the link now, without a closing handshake. @internal */
  terminate(): void {
    this.#link.terminate();
  }

  /** Settles once its link is gone. @internal */
  get gone(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    return new Promise((resolve) => (this.#whenGone ??= []).push(resolve));
  }

  /** Asks the remote program for a sign of life. @internal */
  ping(): void {
    if (!this.isClosed) this.#link.ping();
  }

  /** Sends `welcome`, what was held behind it, and starts what has come in meanwhile. @internal */
  open(welcome: ServerEnvelope): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#isWelcomed = true;
    // In the high lane, since nothing may leave before it.
    this.#outbox.open(protectedMessage(this.encoding.encodeForOne(welcome), 'high'));
    // Before the release, which may pause it again.
    this.resumeInbound();
    this.#inbound?.release();
  }

  /** Its client has shown that it can acknowledge (PROTOCOL.md §2.4). @internal */
  allowAcks(): void {
    this.#canAck = true;
  }

  /** A room has taken it in. @internal */
  entered(room: string): void {
    this.#rooms = withItem(this.#rooms, room);
    this.#host.roomsChanged(this);
  }

  /** A room has let it go. @internal */
  exited(room: string): void {
    this.#rooms = withoutItem(this.#rooms, room);
    this.#host.roomsChanged(this);
  }

  /** A slow consumer costs its own outbox and nothing else; its queue is gone, so there is nothing to wait for. @internal */
  outboxFailed(failure: OutboxFailure): void {
    if (!this.isClosed) this.#host.slowConsumerClosed();
    this.closeNow('slowConsumer');
    if (failure === 'stalled') this.#link.terminate();
  }

  /** Everything that was held or refused has left, and the link takes more. @internal */
  outboxDrained(): void {
    if (!this.isClosed) this.#host.drained(this);
  }

  /** The outbox let go of a message by its policy: one that was queued, or the one that was just pushed. @internal */
  messageDropped(message: EncodedMessage, wasQueued: boolean): void {
    this.#host.messageDropped(this, message, wasQueued);
  }

  #beginClose(code: CloseCode): void {
    this.#serverClose = code;
    this.#state = 'closing';
    this.#inbound?.stop();
    this.#host.closing(this);
  }

  #closeLink(code: CloseCode): void {
    this.#outbox.close();
    this.#link.close(code);
  }
}

function requireBytes(payload: unknown): void {
  if (payload instanceof Uint8Array) return;
  throw new TypeError(`Expected bytes (Uint8Array), got ${describeValue(payload)}; send(event, data) writes JSON.`);
}
