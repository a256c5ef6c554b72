import type { Socket } from 'node:net';

/** What comes next: bytes, or the end of them. */
interface Arrival {
  readonly dueAtMs: number;
  readonly chunk: Buffer | undefined;
}

/**
 * Carries bytes from one socket to another, in order, late or not at all. What it holds back it does not read either, so
 * that the sender feels it as it would a network: its own buffers fill, and its end is not noticed.
 */
export class FaultPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #onBytes: (count: number) => void;
  readonly #arrivals: Arrival[] = [];
  #timer: NodeJS.Timeout | undefined;
  #delayMs = 0;
  #isHeld = false;
  #isFull = false;

  constructor(from: Socket, to: Socket, onBytes: (count: number) => void) {
    this.#from = from;
    this.#to = to;
    this.#onBytes = onBytes;
    from.on('data', (chunk) => this.#arrive(chunk));
    from.on('end', () => this.#arrive(undefined));
    to.on('drain', () => this.#changeFlow({ isFull: false }));
  }

  /** How long bytes take that come from now on; none overtake those before them. */
  set delayMs(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Nothing passes until `release`, which lets pass all that came meanwhile. */
  hold(): void {
    this.#changeFlow({ isHeld: true });
  }

  release(): void {
    this.#changeFlow({ isHeld: false });
    this.#deliver();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#arrivals.length = 0;
  }

  #arrive(chunk: Buffer | undefined): void {
    this.#arrivals.push({ dueAtMs: performance.now() + this.#delayMs, chunk });
    this.#deliver();
  }

  /** Hands on what is due, and comes back when the next is. */
  #deliver(): void {
    clearTimeout(this.#timer);
    while (!this.#isHeld) {
      const [next] = this.#arrivals;
      if (next === undefined) return;
      const waitMs = next.dueAtMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#deliver(), Math.ceil(waitMs));
        return;
      }
      this.#arrivals.shift();
      this.#pass(next.chunk);
    }
  }

  #pass(chunk: Buffer | undefined): void {
    if (chunk === undefined) {
      this.#to.end();
      return;
    }
    this.#onBytes(chunk.length);
    if (!this.#to.write(chunk)) this.#changeFlow({ isFull: true });
  }

  #changeFlow({ isHeld = this.#isHeld, isFull = this.#isFull }): void {
    this.#isHeld = isHeld;
    this.#isFull = isFull;
    if (isHeld || isFull) this.#from.pause();
    else this.#from.resume();
  }
}
