import { nowMicroseconds } from '../clock.js';
import type { LoadConnection } from './load-connection.js';
import { Latencies } from './latencies.js';
import { markIn } from './marks.js';

/** Latencies are taken of so many members at most: reading a stamp costs as much as counting ten messages. */
const sampledMembers = 100;

/** Connections that hear a room, and what they have heard. */
export class Members {
  readonly latencies = new Latencies();
  readonly #connections: LoadConnection[] = [];
  #delivered = 0;
  #expected = Infinity;
  #lastAt = 0;
  #reached: () => void = () => undefined;

  get connections(): readonly LoadConnection[] {
    return this.#connections;
  }

  /** Messages heard by all members since {@link Members.reset}. */
  get delivered(): number {
    return this.#delivered;
  }

  /** When the last message came. */
  get lastAt(): number {
    return this.#lastAt;
  }

  add(connections: readonly LoadConnection[]): void {
    const step = Math.max(Math.floor(connections.length / sampledMembers), 1);
    connections.forEach((connection, index) => {
      connection.wantsWhole = false;
      connection.onMessage = index % step === 0 ? this.#sample : this.#count;
      connection.onRead = this.#afterRead;
      this.#connections.push(connection);
    });
  }

  /** Takes some of them out: they are not counted any more. */
  remove(count: number): readonly LoadConnection[] {
    return this.#connections.splice(-count, count);
  }

  reset(): void {
    this.#delivered = 0;
    this.#expected = Infinity;
    this.latencies.clear();
  }

  /** Settles once so many messages were heard since the reset, or after a while. Answers whether they were. */
  heard(total: number, timeoutMs: number): Promise<boolean> {
    if (this.#delivered >= total) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#expected = total;
      this.#reached = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  readonly #count = (): void => {
    this.#delivered += 1;
  };

  readonly #sample = (chunk: Buffer, start: number, end: number): void => {
    this.#delivered += 1;
    const stamp = markIn(chunk, start, end);
    if (stamp !== undefined) this.latencies.add(nowMicroseconds() - stamp);
  };

  readonly #afterRead = (): void => {
    this.#lastAt = performance.now();
    if (this.#delivered < this.#expected) return;
    this.#expected = Infinity;
    this.#reached();
  };
}
