import { createClient, WscError, type JoinedRoom, type WscClient } from '@nest-wsc/client';
import { until } from '../support/until.js';

/**
 * Thousands share a process here, on a machine that may give it little: an answer that waits for the process itself is no lost one, and to
 * give up each attempt then would be to come back never.
 */
const patientMs = 60_000;

/** One client in one room: what came, and whether it was told that something is missing. */
export class Member {
  readonly room: string;
  /** Of its latest outage, from the loss of the connection until it is told what follows of what it missed. */
  outageMs = 0;
  readonly #client: WscClient;
  readonly #offsets: number[] = [];
  readonly #ids: string[] = [];
  #notRecoveredCount = 0;
  #refusal: string | undefined;
  #reconnectionCount = 0;
  #resumptionCount = 0;
  #lostAt = 0;
  #startOffset = 0;

  constructor(room: string, url: string, token: string) {
    this.room = room;
    this.#client = createClient(url, { token, connectTimeoutMs: patientMs, requestTimeoutMs: patientMs });
    this.#client.on('room_message', (_data, { id, offset }) => {
      this.#ids.push(id);
      if (offset !== undefined) this.#offsets.push(offset);
    });
    this.#client.onRecovered(({ recovered }) => {
      if (!recovered) this.#notRecoveredCount += 1;
    });
    this.#client.onError((error, context) => {
      if (context.source === 'room') this.#refusal = error.error;
    });
    this.#client.onClose(() => (this.#lostAt = performance.now()));
    this.#client.onReconnected(({ resumed }) => {
      this.#reconnectionCount += 1;
      this.outageMs = performance.now() - this.#lostAt;
      if (resumed) this.#resumptionCount += 1;
    });
  }

  /** The gateway that it is connected to. */
  get nodeId(): string | undefined {
    return this.#client.connection?.nodeId;
  }

  get reconnectionCount(): number {
    return this.#reconnectionCount;
  }

  get resumptionCount(): number {
    return this.#resumptionCount;
  }

  get receivedCount(): number {
    return this.#ids.length;
  }

  async join(): Promise<void> {
    await this.#client.connect();
    const joined = await until(
      () => this.#tryToJoin(),
      (answer) => answer !== undefined,
      { patienceMs: 60_000, everyMs: 500 },
    );
    this.#startOffset = joined?.position?.offset ?? 0;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** What it lacks or has too much of; empty: it has heard what its room was acknowledged to have, once and in order. */
  faults(acknowledged: readonly string[]): readonly string[] {
    const { state } = this.#client;
    const isGapless = this.#offsets.every((offset, index) => offset === this.#startOffset + index + 1);
    const isWhole =
      this.#ids.length === acknowledged.length && this.#ids.every((id, index) => id === acknowledged[index]);
    return [
      ...(state === 'open' ? [] : [`a client is ${state}`]),
      ...(this.#notRecoveredCount === 0 ? [] : [`${this.room} was not recovered`]),
      ...(this.#refusal === undefined ? [] : [`${this.room} could not be joined again: ${this.#refusal}`]),
      ...(isGapless && this.#offsets.length === this.#ids.length ? [] : [`${this.room}: offsets that do not follow`]),
      ...(isWhole
        ? []
        : [`${this.room}: heard ${this.#ids.length} of ${acknowledged.length} messages, or in another order`]),
    ];
  }

  /** Nothing where the gateway cannot now, as under the load of all who come at once. */
  async #tryToJoin(): Promise<JoinedRoom | undefined> {
    try {
      return await this.#client.joinRoom(this.room);
    } catch (error) {
      if (error instanceof WscError && error.error === 'WSC_UNAVAILABLE') return undefined;
      throw error;
    }
  }
}
