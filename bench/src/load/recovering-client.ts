import { clientFrame } from './frames.js';
import { LoadConnection } from './load-connection.js';
import { markIn } from './marks.js';
import type { RecoveryProtocol, RecoveryStep } from './recovery-protocol.js';
import { Tally } from './tally.js';

interface Goal {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const nothing: Goal = { resolve: () => undefined, reject: () => undefined };

/** A client of a room that is cut off, comes back and looks whether it got everything meanwhile. */
export class RecoveringClient {
  /** Whether the server said that it is recovered; undefined before it said anything. */
  isRecovered: boolean | undefined;
  /** When it had all that it should get; undefined before. */
  completeAt: number | undefined;
  readonly #protocol: RecoveryProtocol;
  readonly #index: number;
  #connection: LoadConnection | undefined;
  #tally = new Tally(0, 0);
  #goal = nothing;
  #isBack = false;

  constructor(protocol: RecoveryProtocol, index: number) {
    this.#protocol = protocol;
    this.#index = index;
  }

  get tally(): Tally {
    return this.#tally;
  }

  /** Connects for the first time, and settles once it is in its room. @throws {Error} where that is refused. */
  async join(port: number): Promise<void> {
    const joined = this.#become();
    await this.#open(port);
    await joined;
  }

  /** Connects again. Settles with the 101; what follows is for who waits for {@link RecoveringClient.hearAll}. */
  async comeBack(port: number): Promise<void> {
    this.#isBack = true;
    await this.#open(port);
  }

  cut(): void {
    this.#connection?.terminate();
  }

  /** Settles once it has had all of them, or knows that it won't. To be called before they are sent. */
  hearAll(tally: Tally): Promise<void> {
    this.#tally = tally;
    this.isRecovered = undefined;
    this.completeAt = undefined;
    return this.#become();
  }

  #become(): Promise<void> {
    return new Promise((resolve, reject) => (this.#goal = { resolve, reject }));
  }

  async #open(port: number): Promise<void> {
    const onOpen = (connection: LoadConnection): void => {
      this.#connection = connection;
      connection.onMessage = this.#hear;
    };
    this.#connection = await LoadConnection.open({
      port,
      dialect: this.#protocol.dialect,
      index: this.#index,
      onOpen,
    });
  }

  readonly #hear = (chunk: Buffer, start: number, end: number): void => {
    const number = markIn(chunk, start, end);
    if (number === undefined) {
      this.#follow(this.#protocol.hear(chunk.toString('utf8', start, end)));
      return;
    }
    this.#tally.add(number);
    // Where it stands counts only for who will go away: what is measured is not to wait for JSON.
    if (!this.#isBack) this.#protocol.note(chunk.toString('utf8', start, end));
    if (this.#tally.missing > 0 || this.completeAt !== undefined) return;
    this.completeAt = performance.now();
    this.#settle();
  };

  /** A server may send what was missed before it says that it does. */
  #settle(): void {
    const isAnswered = !this.#isBack || this.isRecovered !== undefined;
    if ((this.completeAt !== undefined && isAnswered) || this.isRecovered === false) this.#goal.resolve();
  }

  #follow(step: RecoveryStep): void {
    switch (step.kind) {
      case 'say':
        this.#connection?.write(clientFrame(step.text));
        return;
      case 'joined':
        this.#goal.resolve();
        return;
      case 'back':
        this.isRecovered = step.isRecovered;
        this.#settle();
        return;
      case 'failed':
        this.#goal.reject(new Error(`The server answered ${step.reason}`));
        return;
    }
  }
}
