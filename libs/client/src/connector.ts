import { closeCodes, type CloseCode, type ServerEnvelope, type WelcomeData, type WscError } from '@nest-wsc/protocol';
import { runAttempt, type AttemptEnd } from './attempt.js';
import { Backoff } from './backoff.js';
import {
  decideAfterClose,
  decideAfterRefusal,
  decideAfterTokenFailure,
  type Decision,
  type TokenState,
} from './close-policy.js';
import { toWscError } from './error-reporter.js';
import type { Link, LinkEnd } from './link.js';
import type { ResolvedOptions } from './options.js';
import { isOffline } from './page-lifecycle.js';
import { Pause } from './pause.js';
import { askRefusal, type RefusalAnswer } from './refusal.js';
import { resolveDelay } from './retry-delay.js';
import type { Cancel } from './scheduler.js';
import { createTarget, type Target } from './target.js';
import type { TokenReason, TokenSource } from './token-source.js';

/** What became of an attempt or a connection. */
export interface Ending {
  /** Of the connection, where there was one. */
  readonly link: LinkEnd | undefined;
  readonly error: WscError;
  readonly source: 'connection' | 'token';
  /** Milliseconds until the next attempt; nothing where there will be none. */
  readonly retryInMs: number | undefined;
}

/** What {@link Connector} tells. Nothing more after {@link Connector.stop}. */
export interface ConnectorEvents {
  onUp(link: Link, welcome: WelcomeData): void;
  onEnvelope(envelope: ServerEnvelope): void;
  onInvalid(error: WscError): void;
  /** A connection is gone, in this moment. */
  onLost(end: LinkEnd): void;
  /** It is decided what follows: another attempt or, without `retryInMs`, nothing. */
  onEnding(ending: Ending): void;
}

/** What {@link Connector} needs. */
export interface ConnectorOptions {
  readonly options: ResolvedOptions;
  readonly tokens: TokenSource;
  readonly connectTokens: TokenSource;
  readonly events: ConnectorEvents;
}

// What a peer may take to answer a close frame before it is cut.
const closeTimeoutMs = 2_000;
const probeTimeoutMs = 5_000;

/** Keeps one connection: connects, and again after each end, as the close codes and HTTP answers say (PROTOCOL.md §1.3 and §7.1). */
export class Connector {
  readonly #options: ResolvedOptions;
  readonly #tokens: TokenSource;
  readonly #connectTokens: TokenSource;
  readonly #events: ConnectorEvents;
  readonly #backoff: Backoff;
  readonly #pause: Pause;
  #run: AbortController | undefined;
  #link: Link | undefined;
  #deviceId: string | undefined;
  #isSuspended = false;
  #cancelStable: Cancel | undefined;

  constructor({ options, tokens, connectTokens, events }: ConnectorOptions) {
    this.#options = options;
    this.#tokens = tokens;
    this.#connectTokens = connectTokens;
    this.#events = events;
    this.#backoff = new Backoff({ ...options.reconnect, random: options.random });
    this.#pause = new Pause(options.scheduler);
    this.#deviceId = options.deviceId;
  }

  /** Does nothing where it runs already. */
  start(): void {
    if (this.#run !== undefined) return;
    const run = new AbortController();
    this.#run = run;
    this.#isSuspended = false;
    this.#backoff.reset();
    this.#keep(run.signal).catch((thrown: unknown) => {
      // A scheduler, jitter or socket factory of the program that throws where it should not.
      this.#run = undefined;
      const error = toWscError(thrown);
      this.#events.onEnding({ link: undefined, error, source: 'connection', retryInMs: undefined });
    });
  }

  /** Ends the connection and all attempts; resolves when the socket is closed. */
  async stop(closeCode: CloseCode): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    this.#run?.abort();
    this.#run = undefined;
    this.#cancelStable?.();
    this.#pause.end();
    link?.close(closeCode, closeTimeoutMs);
    await link?.ended;
  }

  /** Cuts the connection, which is dead, and comes back. */
  reconnect(closeCode: CloseCode): void {
    this.#link?.abandon(closeCode);
  }

  /** Makes the next attempt now, whatever the wait was for. */
  tryNow(): void {
    if (!this.#isSuspended) this.#pause.end();
  }

  /** A good moment for the next attempt. A wait that the server asked for goes on. */
  wake(): void {
    this.#pause.wake();
  }

  /** Closes the connection until {@link resume}. */
  suspend(): void {
    this.#isSuspended = true;
    // Browsers let no program send 1001.
    this.#link?.close({ ...closeCodes.normal, reason: closeCodes.goingAway.reason }, closeTimeoutMs);
  }

  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.#pause.end();
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    let tokenReason: TokenReason = 'connect';
    while (!isOver()) {
      const attemptEnd = await this.#connect(tokenReason, signal);
      if (isOver()) return;
      const decision = await this.#decide(attemptEnd, tokenReason, signal);
      if (isOver()) return;
      const retryInMs = this.#delayAfter(decision);
      if (retryInMs === undefined || decision.action === 'stop') {
        this.#run = undefined;
        this.#events.onEnding(describeEnding(attemptEnd, decision.error, undefined));
        return;
      }
      tokenReason = decision.tokenReason;
      // Before anybody hears of it, who may not want to wait.
      const waiting = this.#wait(retryInMs, decision.delay.kind === 'backoff', signal);
      this.#events.onEnding(describeEnding(attemptEnd, decision.error, retryInMs));
      await waiting;
    }
  }

  #connect(tokenReason: TokenReason, signal: AbortSignal): Promise<AttemptEnd> {
    const events = this.#events;
    return runAttempt({
      options: this.#options,
      createTarget: () => this.#createTarget(tokenReason),
      signal,
      onLink: (link) => {
        if (signal.aborted || this.#isSuspended) link.close(closeCodes.normal, closeTimeoutMs);
        if (!signal.aborted) this.#link = link;
      },
      onUp: (link, welcome) => {
        this.#deviceId = welcome.deviceId;
        const { scheduler, reconnect } = this.#options;
        this.#cancelStable = scheduler.after(reconnect.stableAfterMs, () => this.#backoff.reset());
        events.onUp(link, welcome);
      },
      onEnvelope: (envelope) => events.onEnvelope(envelope),
      onInvalid: (error) => events.onInvalid(error),
      onEnd: (end) => {
        if (signal.aborted) return;
        this.#link = undefined;
        this.#cancelStable?.();
        if (end.wasUp) events.onLost(end);
      },
    });
  }

  async #createTarget(reason: TokenReason): Promise<Target> {
    const token = await this.#tokens.read(reason);
    const connectToken = await this.#connectTokens.read(reason);
    const { url, codec } = this.#options;
    return createTarget({ url, subprotocol: codec.subprotocol, token, connectToken, deviceId: this.#deviceId });
  }

  async #decide(attemptEnd: AttemptEnd, tokenReason: TokenReason, signal: AbortSignal): Promise<Decision> {
    if (attemptEnd.kind === 'no-token') return decideAfterTokenFailure(attemptEnd.error);
    if (attemptEnd.kind === 'no-socket') return { action: 'stop', error: attemptEnd.error };
    const { end, goodbye, target } = attemptEnd;
    const token: TokenState = {
      canRenew: this.#tokens.canRenew || this.#connectTokens.canRenew,
      isFixed: this.#tokens.isFixed,
      wasRenewed: tokenReason === 'refused',
    };
    if (end.wasAccepted) return decideAfterClose({ code: end.code, reason: end.reason, goodbye }, token);
    return decideAfterRefusal(await this.#askRefusal(target, signal), token);
  }

  async #askRefusal(target: Target, signal: AbortSignal): Promise<RefusalAnswer> {
    const { fetch, scheduler } = this.#options;
    if (fetch === undefined) return 'no-answer';
    const question = new AbortController();
    const giveUp = (): void => question.abort();
    const cancel = scheduler.after(probeTimeoutMs, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await askRefusal({ url: target.url, token: target.token, fetch, signal: question.signal });
    } finally {
      cancel();
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Nothing where there shall be no next attempt. */
  #delayAfter(decision: Decision): number | undefined {
    const { enabled, maxAttempts, capMs } = this.#options.reconnect;
    if (decision.action === 'stop' || !enabled) return undefined;
    const delayMs = resolveDelay(decision.delay, this.#backoff);
    if (maxAttempts > 0 && this.#backoff.failures >= maxAttempts) return undefined;
    // "Offline" is sure to hold for everything but this machine; `online` ends the wait.
    const isHopeless = decision.delay.kind === 'backoff' && isOffline(this.#options.page);
    return isHopeless ? capMs : delayMs;
  }

  async #wait(delayMs: number, canBeWoken: boolean, signal: AbortSignal): Promise<void> {
    await this.#pause.wait(delayMs, canBeWoken);
    while (this.#isSuspended && !signal.aborted) await this.#pause.wait(undefined, false);
  }
}

function describeEnding(attemptEnd: AttemptEnd, error: WscError, retryInMs: number | undefined): Ending {
  return {
    link: attemptEnd.kind === 'ended' && attemptEnd.end.wasUp ? attemptEnd.end : undefined,
    error,
    source: attemptEnd.kind === 'no-token' ? 'token' : 'connection',
    retryInMs,
  };
}
