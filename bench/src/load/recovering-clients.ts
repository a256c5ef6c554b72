import { setTimeout as wait } from 'node:timers/promises';
import { createRecoveryProtocol } from './create-recovery-protocol.js';
import type { DialectName } from './dialect.js';
import { forEach } from './for-each.js';
import { RecoveringClient } from './recovering-client.js';
import type { Tally } from './tally.js';

/** Which clients are to come, be cut off and come back. */
export interface RecoveryLoad {
  /** Of the nodes: clients take turns. */
  readonly ports: readonly number[];
  readonly dialect: DialectName;
  readonly rooms: readonly string[];
  readonly membersPerRoom: number;
}

/** What they will have missed: messages that are numbered. */
export interface Missed {
  readonly first: number;
  readonly count: number;
  /** How long they wait for it. */
  readonly timeoutMs: number;
}

/** How they came back. Milliseconds from the first that came; absent where fewer got everything. */
export interface ComeBack {
  readonly p50?: number;
  readonly p99?: number;
  /** Until the last had everything. */
  readonly last?: number;
  /** How many the server said were recovered. */
  readonly recoveredCount: number;
}

/** What they have, all together. */
export interface RecoveryTally {
  readonly had: number;
  readonly missing: number;
  readonly repeated: number;
  readonly disordered: number;
}

/** Handshakes under way at a time: of clients that come for the first time, and in a storm. A server's backlog is 511. */
const handshakes = { joining: 32, storm: 256 } as const;

/** Clients that are cut off and come back, all at once. */
export class RecoveringClients {
  #clients: readonly RecoveringClient[] = [];
  #ports: readonly number[] = [];

  /** Connects them and has each join its room. */
  async join({ ports, dialect, rooms, membersPerRoom }: RecoveryLoad): Promise<void> {
    const all = rooms.flatMap((room) => Array.from({ length: membersPerRoom }, () => room));
    const clients = all.map((room, index) => new RecoveringClient(createRecoveryProtocol(dialect, room), index));
    this.#clients = clients;
    this.#ports = ports;
    await forEach(clients, handshakes.joining, (client, index) => client.join(this.#portOf(index)));
  }

  /** Runs `publish`, and answers whether each has heard the message with the number 0 from it: then all have a place. */
  async placedBy(publish: () => Promise<unknown>, timeoutMs: number): Promise<boolean> {
    const placed = Promise.all(this.#clients.map((client) => client.hearAll(0, 1)));
    await publish();
    return settlesWithin(placed, timeoutMs);
  }

  cut(): void {
    for (const client of this.#clients) client.cut();
  }

  /** All come back at once, each to another node than before. Settles when all have everything or know that they won't. */
  async comeBack({ first, count, timeoutMs }: Missed): Promise<ComeBack> {
    const startedAt = performance.now();
    const recovered = this.#clients.map((client) => client.hearAll(first, count));
    const opened = forEach(this.#clients, handshakes.storm, (client, index) =>
      client.comeBack(this.#portOf(index + 1)),
    );
    await settlesWithin(Promise.all([opened, ...recovered]), timeoutMs);
    const times = this.#clients.map(({ completeAt = Infinity }) => completeAt - startedAt).sort((a, b) => a - b);
    // Infinity has no form in JSON.
    const at = (share: number): number | undefined => {
      const time = times[Math.ceil(share * times.length) - 1];
      return time === Infinity ? undefined : time;
    };
    const [p50, p99, last] = [at(0.5), at(0.99), at(1)];
    return {
      ...(p50 !== undefined && { p50 }),
      ...(p99 !== undefined && { p99 }),
      ...(last !== undefined && { last }),
      recoveredCount: this.#clients.filter(({ isRecovered }) => isRecovered).length,
    };
  }

  tally(): RecoveryTally {
    const sum = (of: (tally: Tally) => number): number =>
      this.#clients.reduce((total, { tally }) => total + of(tally), 0);
    return {
      had: sum(({ distinct }) => distinct),
      missing: sum(({ missing }) => missing),
      repeated: sum(({ repeated }) => repeated),
      disordered: sum(({ disordered }) => disordered),
    };
  }

  /** Cuts them off for good. */
  clear(): void {
    this.cut();
    this.#clients = [];
  }

  #portOf(index: number): number {
    return this.#ports[index % this.#ports.length] ?? 0;
  }
}

/** Whether `work` did. @throws {Error} what it throws. */
async function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const timedOut = wait(timeoutMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), timedOut]);
  } finally {
    timer.abort();
  }
}
