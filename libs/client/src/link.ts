import {
  closeCodes,
  WscError,
  type ClientCodec,
  type CloseCode,
  type ServerEnvelope,
  type WelcomeData,
} from '@nest-wsc/protocol';
import { messageOf, toWscError } from './error-reporter.js';
import type { Cancel, Scheduler } from './scheduler.js';
import { createDeferred, type Deferred } from './settle.js';
import { socketOpen, type ClientSocket } from './socket.js';

/** How a link ended. */
export interface LinkEnd {
  readonly code: number;
  readonly reason: string;
  /** Whether the upgrade was accepted. If not, the gateway says over HTTP why (PROTOCOL.md §1.3). */
  readonly wasAccepted: boolean;
  /** Whether `welcome` had come. */
  readonly wasUp: boolean;
}

/** What {@link Link} needs. */
export interface LinkOptions {
  readonly socket: ClientSocket;
  readonly codec: ClientCodec;
  readonly scheduler: Scheduler;
  /** From now to `welcome`, in milliseconds. `0` turns it off. */
  readonly welcomeTimeoutMs: number;
  readonly onWelcome: (welcome: WelcomeData) => void;
  /** Any other envelope. */
  readonly onEnvelope: (envelope: ServerEnvelope) => void;
  /** Something arrived that is no envelope. */
  readonly onInvalid: (error: WscError) => void;
  /** Called exactly once, and nothing after it. */
  readonly onEnd: (end: LinkEnd) => void;
}

/** RFC 6455 §7.1.5: the connection ended without a close frame. */
const abnormalClosure = 1006;

// Time for the `close` that should follow an `error`.
const closeAfterErrorMs = 100;

/** One socket's life, from the upgrade to its end. */
export class Link {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly #options: LinkOptions;
  readonly #socket: ClientSocket;
  #cancelTimer: Cancel | undefined;
  #wasAccepted = false;
  #wasUp = false;
  #isClosing = false;
  #hasEnded = false;
  readonly #ended: Deferred<void> = createDeferred();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.ended = this.#ended.promise;
    this.#listen();
    if (options.welcomeTimeoutMs === 0) return;
    const giveUp = (): void => this.abandon({ code: abnormalClosure, reason: 'no welcome in time' });
    this.#cancelTimer = options.scheduler.after(options.welcomeTimeoutMs, giveUp);
  }

  /** Whether a message sent now has a chance: a socket that is closing would swallow it. */
  get isWritable(): boolean {
    return this.#wasUp && !this.#isClosing && !this.#hasEnded && this.#socket.readyState === socketOpen;
  }

  /** Bytes that the socket holds back. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Never throws: where the socket can't send, its end follows. */
  send(payload: string | Uint8Array<ArrayBuffer>): void {
    try {
      this.#socket.send(payload);
    } catch (cause) {
      this.abandon({ code: abnormalClosure, reason: messageOf(cause) });
    }
  }

  /** Begins the closing handshake and waits at most `timeoutMs` for its end. What arrives meanwhile is ignored. */
  close(closeCode: CloseCode, timeoutMs: number): void {
    if (this.#isClosing || this.#hasEnded) return;
    if (!this.#wasAccepted) {
      // Nobody is there yet to shake hands with.
      this.abandon(closeCode);
      return;
    }
    this.#isClosing = true;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.scheduler.after(timeoutMs, () => this.abandon(closeCode));
    this.#closeSocket(closeCode);
  }

  /** Ends the link now, for the rest of the client. A dead socket may take minutes to notice. */
  abandon(closeCode: CloseCode): void {
    if (this.#hasEnded) return;
    if (this.#socket.terminate === undefined) this.#closeSocket(closeCodes.noPong);
    else this.#socket.terminate();
    this.#end(closeCode.code, closeCode.reason);
  }

  #listen(): void {
    this.#socket.addEventListener('open', () => {
      this.#wasAccepted = true;
    });
    this.#socket.addEventListener('message', (event) => this.#receive(event.data));
    this.#socket.addEventListener('close', (event) => this.#end(event.code, event.reason));
    this.#socket.addEventListener('error', () => this.#onError());
  }

  /** `close` follows and says more; but not with the WebSocket of Node 22 where it never opened. */
  #onError(): void {
    if (this.#wasAccepted || this.#hasEnded) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.scheduler.after(closeAfterErrorMs, () => this.#end(abnormalClosure, ''));
  }

  #receive(data: unknown): void {
    if (this.#isClosing || this.#hasEnded) return;
    try {
      this.#dispatch(this.#options.codec.decode(parsePayload(data)));
    } catch (thrown) {
      this.#options.onInvalid(toWscError(thrown));
    }
  }

  #dispatch(envelope: ServerEnvelope): void {
    if (envelope.type !== 'welcome') {
      this.#options.onEnvelope(envelope);
      return;
    }
    if (this.#wasUp) return;
    this.#wasUp = true;
    this.#cancelTimer?.();
    this.#options.onWelcome(envelope.data);
  }

  #closeSocket({ code, reason }: CloseCode): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // A code that this platform does not let a program send: the close matters more than its code.
      this.#socket.close();
    }
  }

  #end(code: number, reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancelTimer?.();
    this.#options.onEnd({ code, reason, wasAccepted: this.#wasAccepted, wasUp: this.#wasUp });
    this.#ended.resolve();
  }
}

function parsePayload(data: unknown): string | Uint8Array {
  if (typeof data === 'string' || data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new WscError('WSC_INVALID_ENVELOPE', { message: 'A message arrived that is neither text nor bytes.' });
}
