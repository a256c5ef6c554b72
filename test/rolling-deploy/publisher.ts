import { setTimeout as pause } from 'node:timers/promises';
import { callApi } from '../support/gateway-api.js';
import { unlessAborted } from '../support/unless-aborted.js';

/** What a {@link Publisher} needs. */
export interface PublisherOptions {
  /** Where the HTTP API is. */
  readonly url: string;
  readonly token: string;
  readonly rooms: readonly string[];
  /** The pause between two messages. */
  readonly everyMs: number;
}

const retryAfterMs = 50;

/** Sends to each room in turn, each message until it is acknowledged. Stopped by `await using`. */
export class Publisher implements AsyncDisposable {
  readonly #options: PublisherOptions;
  readonly #acknowledged: ReadonlyMap<string, string[]>;
  readonly #abandon = new AbortController();
  readonly #running: Promise<void>;
  #isOver = false;
  #longestMs = 0;

  private constructor(options: PublisherOptions) {
    this.#options = options;
    this.#acknowledged = new Map(options.rooms.map((room) => [room, []]));
    this.#running = this.#run();
  }

  static start(options: PublisherOptions): Publisher {
    return new Publisher(options);
  }

  get count(): number {
    return [...this.#acknowledged.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** The longest time until a message was acknowledged, however often it had to be sent. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** The ids of what a room was acknowledged to have, in their order. */
  acknowledgedIn(room: string): readonly string[] {
    return this.#acknowledged.get(room) ?? [];
  }

  /** Once what is on its way is acknowledged. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  /** Gives up what is on its way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abandon.abort();
    await this.stop();
  }

  async #run(): Promise<void> {
    const { rooms, everyMs } = this.#options;
    for (let count = 0; !this.#isOver; count += 1) {
      const room = rooms[count % rooms.length] ?? '';
      const id = `message-${String(count)}`;
      const startedAt = performance.now();
      // With one id it counts once, however often it has to be sent.
      while (!(await this.#send(room, id))) {
        if (this.#abandon.signal.aborted) return;
        await pause(retryAfterMs);
      }
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startedAt);
      this.#acknowledged.get(room)?.push(id);
      await pause(everyMs);
    }
  }

  async #send(room: string, id: string): Promise<boolean> {
    const { url, token } = this.#options;
    const call = { token, body: { data: id, id } };
    const answering = callApi(url, `/api/rooms/${room}/messages`, call);
    const answer = await unlessAborted(answering, this.#abandon.signal).catch(() => undefined);
    return answer?.status === 200;
  }
}
