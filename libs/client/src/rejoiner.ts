import type { WscError } from '@nest-wsc/protocol';
import { Backoff } from './backoff.js';
import { toWscError, type ErrorReporter } from './error-reporter.js';
import type { Membership } from './memberships.js';
import type { Cancel, Scheduler } from './scheduler.js';

/** What {@link Rejoiner} needs. */
export interface RejoinerOptions {
  readonly errors: ErrorReporter;
  readonly scheduler: Scheduler;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Whether the program wants to be in it still. */
  readonly isWanted: (membership: Membership) => boolean;
}

/** One try to join. Calls `entered` in the turn in which the answer comes: the next message of that turn may show a gap. */
export type TryToEnter = (entered: () => void) => Promise<unknown>;

/** Where the server does not say when. */
const shortestDelayMs = 1_000;
/** On top of what the server says, since it says the same to everybody. */
const spread = { baseMs: 1_000, capMs: 15_000 };

/**
 * Joins rooms again, later each time, that the server can't let anybody into now, for as long as the connection lives and the program wants
 * them: who was in a room and is in it no more hears nothing, and has no reason to ask why. Each failed try is reported.
 */
export class Rejoiner {
  readonly #options: RejoinerOptions;
  readonly #running = new Set<Membership>();
  readonly #waits = new Set<Cancel>();
  /** Changes with each connection, so that what belongs to an old one is not mistaken. */
  #connection = 0;

  constructor(options: RejoinerOptions) {
    this.#options = options;
  }

  get connection(): number {
    return this.#connection;
  }

  /** Once at a time for each membership; settles when it is in, or with what it was refused with for good. Never rejects. */
  async run(membership: Membership, tryToEnter: TryToEnter): Promise<WscError | undefined> {
    if (this.#running.has(membership)) return undefined;
    this.#running.add(membership);
    const connection = this.#connection;
    const isCurrent = (): boolean => this.#connection === connection && this.#options.isWanted(membership);
    const backoff = new Backoff({ ...spread, random: this.#options.random });
    for (;;) {
      const error = await this.#tryOnce(membership, tryToEnter);
      if (error === undefined) return undefined;
      if (isCurrent() && error.temporary) {
        await this.#wait(membership, error, (error.retryAfterMs ?? shortestDelayMs) + backoff.next());
        if (isCurrent()) continue;
      }
      if (this.#connection === connection) this.#running.delete(membership);
      return isCurrent() ? error : undefined;
    }
  }

  /** The connection is gone: what is still being joined again waits for the next one. */
  disconnected(): void {
    this.#connection += 1;
    for (const cancel of this.#waits) cancel();
    this.#waits.clear();
    this.#running.clear();
  }

  async #tryOnce(membership: Membership, tryToEnter: TryToEnter): Promise<WscError | undefined> {
    try {
      await tryToEnter(() => this.#running.delete(membership));
      return undefined;
    } catch (thrown) {
      return toWscError(thrown);
    }
  }

  /** Does not settle where the connection ends meanwhile. */
  #wait({ room }: Membership, error: WscError, retryInMs: number): Promise<void> {
    const { errors, scheduler } = this.#options;
    const waited = new Promise<void>((resolve) => {
      const cancel = scheduler.after(retryInMs, () => {
        this.#waits.delete(cancel);
        resolve();
      });
      this.#waits.add(cancel);
    });
    errors.report(error, { source: 'room', room, retryInMs });
    return waited;
  }
}
