import { MultiMap } from '../collections/multi-map.js';
import type { Principal } from '../connect/principal.js';
import type { Connection } from './connection.js';
import type { Clock, Timer } from '../ports/clock.js';

const tickMs = 1_000;

/** Ends connections whose credential has expired, at most a second late; one timer for all. */
export class TokenExpiry {
  readonly #clock: Clock;
  readonly #expire: (connection: Connection) => void;
  /** By the second in which they expire. */
  readonly #bySecond = new MultiMap<number, Connection>();
  #timer: Timer | undefined;

  constructor(clock: Clock, expire: (connection: Connection) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Watches the connection's principal. */
  watch(connection: Connection): void {
    const second = secondOf(connection);
    if (second === undefined) return;
    this.#bySecond.add(second, connection);
    this.#timer ??= this.#clock.every(tickMs, this.#tick);
  }

  /** Gives the connection a new principal and watches that instead. */
  renew(connection: Connection, principal: Principal): void {
    // By the old one, which says where it is kept.
    this.forget(connection);
    connection.replacePrincipal(principal);
    this.watch(connection);
  }

  forget(connection: Connection): void {
    const second = secondOf(connection);
    if (second === undefined) return;
    this.#bySecond.delete(second, connection);
    if (this.#bySecond.size === 0) this.close();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Looks at every pending second, not at the last one only: the machine may have slept or its clock may have jumped. */
  readonly #tick = (): void => {
    const now = this.#clock.now() / tickMs;
    for (const second of this.#bySecond.keys()) {
      if (second > now) continue;
      for (const connection of this.#bySecond.of(second)) {
        this.forget(connection);
        this.#expire(connection);
      }
    }
  };
}

function secondOf({ principal }: Connection): number | undefined {
  return principal?.expiresAt === undefined ? undefined : Math.ceil(principal.expiresAt / tickMs);
}
