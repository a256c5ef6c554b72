import { jsonCodec } from '@nest-wsc/protocol';
import type { ClientSocket } from '../socket.js';

interface FakeEvent {
  readonly data: string;
  readonly code: number;
  readonly reason: string;
}

/** A socket without a network, whose state a test sets. */
export class FakeSocket implements ClientSocket {
  readonly sent: (string | Uint8Array)[] = [];
  readyState = 0;
  bufferedAmount = 0;
  readonly #listeners: { readonly type: string; readonly listener: (event: FakeEvent) => void }[] = [];

  addEventListener(type: string, listener: (event: FakeEvent) => void): void {
    this.#listeners.push({ type, listener });
  }

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 2;
  }

  /** Accepts the upgrade and welcomes. */
  open(): void {
    this.readyState = 1;
    this.#emit('open', '');
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
    this.#emit('message', jsonCodec.encode({ type: 'welcome', data }));
  }

  #emit(type: string, data: string): void {
    for (const { listener } of this.#listeners.filter((entry) => entry.type === type))
      listener({ data, code: 0, reason: '' });
  }
}
