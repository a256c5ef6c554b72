import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type WscClient } from '@nest-wsc/client';
import { WebSocket } from 'ws';
import { signToken } from '../support/jwt.js';
import { inboxOwner } from './evidence.js';
import type { Ledger } from './ledger.js';

/** What a {@link Sender} needs. */
export interface SenderOptions {
  readonly name: string;
  /** The gateway that it asks, by number and address. */
  readonly gateway: number;
  readonly url: string;
  readonly streams: readonly string[];
  readonly ledger: Ledger;
}

/** One send in this time by each sender. */
const everyMs = 15;
const attemptCount = 200;

/** Has a gateway send one message after the other, as a service does that waits for each to be acknowledged, and repeats none. */
export class Sender {
  readonly #client: WscClient;
  readonly #options: SenderOptions;
  #isOver = false;
  #sending: Promise<void> | undefined;

  private constructor(client: WscClient, options: SenderOptions) {
    this.#client = client;
    this.#options = options;
  }

  static async connect(options: SenderOptions): Promise<Sender> {
    const client = createClient(options.url, {
      token: await signToken(options.name),
      requestTimeoutMs: 4_000,
      createSocket: (url, protocols) => new WebSocket(url, [...protocols]),
    });
    client.onError(() => undefined);
    await client.connect();
    return new Sender(client, options);
  }

  start(): void {
    this.#sending = this.#sendAll();
  }

  /** Settles when its last send has been answered. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#sending;
  }

  /** Sends one more, until one is acknowledged; answers its key. */
  async sendLast(stream: string): Promise<string> {
    for (let attempt = 0; attempt < attemptCount; attempt++) {
      const key = await this.#send(stream);
      if (key !== undefined) return key;
      await pause(100);
    }
    throw new Error(`Nothing can be sent to ${stream} any more.`);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#client.close();
  }

  async #sendAll(): Promise<void> {
    const { streams } = this.#options;
    for (let index = 0; !this.#isOver; index++) {
      await Promise.all([this.#send(streams[index % streams.length] ?? ''), pause(everyMs)]);
    }
  }

  async #send(stream: string): Promise<string | undefined> {
    const { ledger, gateway } = this.#options;
    const key = ledger.newKey();
    const user = inboxOwner(stream);
    try {
      await this.#client.request('keep', user === undefined ? { room: stream, key } : { user, key });
      ledger.acknowledged({ key, stream, gateway });
      return key;
    } catch (thrown) {
      ledger.failed(thrown);
      return undefined;
    }
  }
}
