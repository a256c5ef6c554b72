import { clientFrame } from './frames.js';
import { LoadConnection, Refusal } from './load-connection.js';
import { markIn } from './marks.js';
import type { RecoveryProtocol, RecoveryStep, SayStep } from './recovery-protocol.js';
import { Tally } from './tally.js';

/** Until a client whose connection ended early comes again. */
const lostAfterMs = 1000;

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
  #expected = { first: 0, count: 0 };
  #isBack = false;
  #isCut = false;

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

  /**
   * Connects again, and settles with the 101 or with a refusal; what follows is for who waits for
   * {@link RecoveringClient.hearAll}. Whoever is refused or loses the connection again tries again, as clients do, until it is
   * {@link RecoveringClient.cut}.
   */
  async comeBack(port: number): Promise<void> {
    this.#isBack = true;
    this.#isCut = false;
    try {
      const connection = await this.#open(port);
      connection.onClose = () => this.#lost(port);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#comeBackLater(port, error.retryAfterMs);
    }
  }

  cut(): void {
    this.#isCut = true;
    this.#connection?.terminate();
  }

  /** Settles once it has had `count` messages, numbered from `first` on, or knows that it won't. To be called before they are sent. */
  hearAll(first: number, count: number): Promise<void> {
    this.#expected = { first, count };
    this.#expect();
    return this.#become();
  }

  #expect(): void {
    this.#tally = new Tally(this.#expected.first, this.#expected.count);
    this.isRecovered = undefined;
    this.completeAt = undefined;
  }

  /** What it had does not count: it says again where it stood before, so all of it comes again. */
  #lost(port: number): void {
    if (this.#isDone) return;
    this.#expect();
    this.#comeBackLater(port, lostAfterMs);
  }

  #comeBackLater(port: number, afterMs: number): void {
    setTimeout(() => {
      if (!this.#isCut) this.comeBack(port).catch(this.#goal.reject);
    }, afterMs);
  }

  #become(): Promise<void> {
    return new Promise((resolve, reject) => (this.#goal = { resolve, reject }));
  }

  #open(port: number): Promise<LoadConnection> {
    const onOpen = (connection: LoadConnection): void => {
      this.#connection = connection;
      connection.onMessage = this.#hear;
    };
    return LoadConnection.open({ port, dialect: this.#protocol.dialect, index: this.#index, onOpen });
  }

  readonly #hear = (chunk: Buffer, start: number, end: number): void => {
    const number = markIn(chunk, start, end);
    if (number === undefined) {
      this.#follow(this.#protocol.hear(chunk.toString('utf8', start, end)));
      return;
    }
    if (this.#isBack && this.isRecovered === undefined && !this.#protocol.mayComeEarly) return;
    this.#tally.add(number);
    // Where it stands counts only for who will go away: what is measured is not to wait for JSON.
    if (!this.#isBack) this.#protocol.note(chunk.toString('utf8', start, end));
    if (this.#tally.missing > 0 || this.completeAt !== undefined) return;
    this.completeAt = performance.now();
    this.#settle();
  };

  /** A server may send what was missed before it says that it does. */
  get #isDone(): boolean {
    const isAnswered = !this.#isBack || this.isRecovered !== undefined;
    return (this.completeAt !== undefined && isAnswered) || this.isRecovered === false;
  }

  #settle(): void {
    if (this.#isDone) this.#goal.resolve();
  }

  #follow(step: RecoveryStep): void {
    switch (step.kind) {
      case 'say':
        this.#say(step);
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

  #say({ text, afterMs }: SayStep): void {
    const connection = this.#connection;
    const speak = (): void => {
      if (connection?.isClosed === false) connection.write(clientFrame(text));
    };
    if (afterMs === undefined) speak();
    else setTimeout(speak, afterMs);
  }
}
