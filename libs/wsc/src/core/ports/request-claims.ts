import type { MaybePromise } from '../async/maybe-promise.js';

/** A request with an idempotency id (PROTOCOL.md §2.6). */
export interface ClaimedRequest {
  /** The user, or where there is none the session. */
  readonly owner: string;
  /** Names the request among the owner's. */
  readonly key: string;
  /** Of its content: the same key with another one is in conflict. */
  readonly fingerprint: string;
}

/** What is known of a request that was asked to start. */
export type Claim =
  /** Nobody has started it: it is this node's now. */
  | { readonly status: 'claimed' }
  /** It runs on a node that lives. */
  | { readonly status: 'running' }
  /** It has this answer, as the node that ran it wrote it. */
  | { readonly status: 'answered'; readonly answer: string }
  /** The same key was used for another content. */
  | { readonly status: 'conflict' }
  /** Its node died before it answered, or the answer was not kept: whether it had an effect is not known. */
  | { readonly status: 'lost' }
  /** Too many requests of the owner run. */
  | { readonly status: 'full' };

/** Bounds of one owner. */
export interface ClaimLimits {
  /** How long an answer is kept. */
  readonly windowMs: number;
  /** @default 1000 */
  readonly maxEntries: number;
  /** Of kept answers together; over it the oldest are lost. @default 262_144 */
  readonly maxBytes: number;
}

/**
 * Which node runs a request with an id. Promises: at most one claim of a request is `claimed` while it runs and as long as its answer is
 * kept, on however many nodes it is sent. Does not promise: that an answer is kept for the whole window where the owner is over its bounds.
 */
export interface RequestClaims {
  /** @throws {WscError} WSC_UNAVAILABLE, WSC_TIMEOUT: then it must not be run. */
  claim(request: ClaimedRequest, limits: ClaimLimits): MaybePromise<Claim>;
  /**
   * Keeps the answer for repeats; undefined: it is not kept, and a repeat is `lost`. Where it can't be kept, a repeat is `lost` too, once
   * the claim has run out.
   */
  finish(request: ClaimedRequest, answer: string | undefined, limits: ClaimLimits): MaybePromise<void>;
  /** It has had no effect: a repeat may run. */
  release(request: ClaimedRequest): MaybePromise<void>;
  /** Ends it; called once. */
  close(): MaybePromise<void>;
}
