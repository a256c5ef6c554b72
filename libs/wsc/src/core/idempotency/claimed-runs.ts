import { WscError } from '@nest-wsc/protocol';
import { isA } from '../async/as-error.js';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { Clock } from '../ports/clock.js';
import type { Claim, ClaimedRequest, ClaimLimits, RequestClaims } from '../ports/request-claims.js';
import { answerText, lostAnswer, parseAnswer, type StoredAnswer } from './kept-answer.js';
import { idInUse, tooManyRunning } from './refusals.js';

/** What {@link ClaimedRuns} need. */
export interface ClaimedRunsOptions {
  readonly claims: RequestClaims;
  readonly clock: Clock;
  /** How long an answer is kept. 0: not at all, and only requests that run on this node are shared. */
  readonly windowMs: () => number;
}

/** What to do with a request that is new on this node. */
export type ClaimedStart =
  /** Run the handler, then call `settle`, whatever happened. `keep: false` where a repeat may succeed: it runs again then. */
  | { readonly kind: 'run'; readonly settle: (answer: StoredAnswer, keep: boolean) => void }
  /** Don't run it: this is its answer, for now. */
  | { readonly kind: 'answer'; readonly answer: StoredAnswer };

/** What of a request matters here beside its names. */
export interface StartOptions {
  /** Whether it may run again where it is not known what became of it. */
  readonly isRepeatable: () => boolean;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Between two looks at a request that runs on another node. */
const pollMs = 250;
/** How long a request waits for the answer of the one that runs. */
const patienceMs = 30_000;
const bounds = { maxEntries: 1_000, maxBytes: 262_144 };

/** Lets a request with an id run on one node only; on the others it gets the answer from there. */
export class ClaimedRuns {
  readonly #claims: RequestClaims;
  readonly #clock: Clock;
  readonly #windowMs: () => number;

  constructor({ claims, clock, windowMs }: ClaimedRunsOptions) {
    this.#claims = claims;
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  /** Never rejects. Waits for another node that runs it, 30 s at most. */
  async start(request: ClaimedRequest, options: StartOptions): Promise<ClaimedStart> {
    const limits = { ...bounds, windowMs: this.#windowMs() };
    if (limits.windowMs === 0) return { kind: 'run', settle: () => undefined };
    try {
      const claim = await this.#claim(request, limits, options);
      if (claim.status !== 'claimed') return { kind: 'answer', answer: answerOf(claim) };
      return { kind: 'run', settle: (answer, keep) => this.#settle(request, limits, keep ? answer : undefined) };
    } catch (cause) {
      // Whatever became of the claim, the handler was not called.
      const error = isA(WscError, cause) && !cause.temporary ? cause : new WscError('WSC_UNAVAILABLE', { cause });
      return { kind: 'answer', answer: { ok: false, error } };
    }
  }

  /** What is final: anything but that it runs elsewhere, unless it does so for too long. */
  async #claim(request: ClaimedRequest, limits: ClaimLimits, options: StartOptions): Promise<Claim> {
    const deadline = this.#clock.monotonic() + patienceMs;
    let wasLost = false;
    for (;;) {
      const claim = await this.#claims.claim(request, limits);
      const runsAgain = claim.status === 'lost' && !wasLost && options.isRepeatable();
      if (runsAgain) {
        // Of all that find it lost, one gets it.
        wasLost = true;
        await this.#claims.release(request);
      } else if (claim.status !== 'running' || options.signal.aborted || this.#clock.monotonic() >= deadline) {
        return claim;
      } else {
        await new Promise<void>((resolve) => this.#clock.after(pollMs, resolve));
      }
    }
  }

  /** Not awaited: the answer is the client's now, whether it can be kept or not. */
  #settle(request: ClaimedRequest, limits: ClaimLimits, answer: StoredAnswer | undefined): void {
    inBackground(() =>
      answer === undefined
        ? this.#claims.release(request)
        : this.#claims.finish(request, answerText(answer, limits.maxBytes), limits),
    );
  }
}

function answerOf(claim: Exclude<Claim, { readonly status: 'claimed' }>): StoredAnswer {
  switch (claim.status) {
    case 'answered':
      return parseAnswer(claim.answer);
    case 'lost':
      return lostAnswer('This request was begun, but it is not known what became of it.');
    case 'conflict':
      return refused(idInUse());
    case 'full':
      return refused(tooManyRunning());
    case 'running':
      return refused(new WscError('WSC_TIMEOUT', { message: 'This request still runs.' }));
  }
}

function refused(error: WscError): StoredAnswer {
  return { ok: false, error };
}

function inBackground(work: () => MaybePromise<void>): void {
  Promise.resolve()
    .then(work)
    .catch(() => undefined);
}
