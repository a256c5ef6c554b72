import type { Connection } from './connection.js';
import type { Clock, Timer } from '../ports/clock.js';

const tickMs = 1_000;

/** Ends connections whose credential has expired, at most a second late; one timer for all. */
export class TokenExpiry {
  readonly #clock: Clock;
  readonly #expire: (connection: Connection) => void;
  /** By the second in which they expire. */
  readonly #bySecond = new Map<number, Set<Connection>>();
  readonly #secondOf = new Map<Connection, number>();
  #timer: Timer | undefined;

  constructor(clock: Clock, expire: (connection: Connection) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Watches the connection's principal; replaces what was watched before. */
  watch(connection: Connection): void {
    this.forget(connection);
    const expiresAt = connection.principal?.expiresAt;
    if (expiresAt === undefined) return;
    const second = Math.ceil(expiresAt / tickMs);
    const due = this.#bySecond.get(second);
    if (due === undefined) this.#bySecond.set(second, new Set([connection]));
    else due.add(connection);
    this.#secondOf.set(connection, second);
    this.#timer ??= this.#clock.every(tickMs, this.#tick);
  }

  forget(connection: Connection): void {
    const second = this.#secondOf.get(connection);
    if (second === undefined) return;
    this.#secondOf.delete(connection);
    const due = this.#bySecond.get(second);
    due?.delete(connection);
    if (due?.size === 0) this.#bySecond.delete(second);
    if (this.#secondOf.size === 0) this.close();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Looks at every pending second, not at the last one only: the machine may have slept or its clock may have jumped. */
  readonly #tick = (): void => {
    const now = this.#clock.now() / tickMs;
    for (const [second, due] of this.#bySecond) {
      if (second > now) continue;
      for (const connection of due) {
        this.forget(connection);
        this.#expire(connection);
      }
    }
  };
}
