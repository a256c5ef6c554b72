import { jsonCodec } from '@nest-wsc/protocol';
import type { ClientSocket } from '../socket.js';

interface FakeEvent {
  readonly data: unknown;
  readonly code: number;
  readonly reason: string;
}

/** A socket without a network, whose state a test sets. */
export class FakeSocket implements ClientSocket {
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: (number | undefined)[] = [];
  readyState = 0;
  bufferedAmount = 0;
  /** Thrown by `send`. */
  sendError: Error | undefined;
  readonly #listeners: { readonly type: string; readonly listener: (event: FakeEvent) => void }[] = [];

  addEventListener(type: string, listener: (event: FakeEvent) => void): void {
    this.#listeners.push({ type, listener });
  }

  send(data: string | Uint8Array): void {
    if (this.sendError !== undefined) throw this.sendError;
    this.sent.push(data);
  }

  /** As strict as a browser. */
  close(code?: number): void {
    if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) throw new Error('InvalidAccessError');
    this.closes.push(code);
    this.readyState = 2;
  }

  /** Accepts the upgrade and welcomes. */
  open(): void {
    this.accept();
    const data = {
      protocol: 'wsc.v1',
      connectionId: 'c1',
      deviceId: 'd1',
      nodeId: 'n1',
      session: 'secret',
      pingIntervalMs: 0,
      maxMessageBytes: 0,
      serverTime: 1,
    };
    this.emit('message', { data: jsonCodec.encode({ type: 'welcome', data }) });
  }

  accept(): void {
    this.readyState = 1;
    this.emit('open');
  }

  emit(type: 'open' | 'message' | 'error' | 'close', event: Partial<FakeEvent> = {}): void {
    for (const entry of this.#listeners) {
      if (entry.type === type) entry.listener({ data: '', code: 1006, reason: '', ...event });
    }
  }
}
