import { WscError, type GoodbyeData, type ServerEnvelope, type WelcomeData } from '@nest-wsc/protocol';
import { messageOf } from './error-reporter.js';
import { Link, type LinkEnd } from './link.js';
import type { ResolvedOptions } from './options.js';
import { withDeadline } from './settle.js';
import type { ClientSocket } from './socket.js';
import type { Target } from './target.js';

/** How an attempt ended, be it before there was a connection or after hours of one. */
export type AttemptEnd =
  | { readonly kind: 'no-token'; readonly error: WscError }
  /** No socket can be made here, now or later. */
  | { readonly kind: 'no-socket'; readonly error: WscError }
  | {
      readonly kind: 'ended';
      readonly end: LinkEnd;
      readonly goodbye: GoodbyeData | undefined;
      readonly target: Target;
    };

/** What {@link runAttempt} needs. */
export interface AttemptOptions {
  readonly options: ResolvedOptions;
  /** Gets the tokens. */
  readonly createTarget: () => Promise<Target>;
  /** Once aborted, nothing is begun any more; a link that exists is its owner's to close. */
  readonly signal: AbortSignal;
  readonly onLink: (link: Link) => void;
  readonly onUp: (link: Link, welcome: WelcomeData) => void;
  readonly onEnvelope: (envelope: ServerEnvelope) => void;
  readonly onInvalid: (error: WscError) => void;
  /** Called in the moment of the end, before the promise resolves. */
  readonly onEnd: (end: LinkEnd) => void;
}

/** Connects once. Resolves when that has ended, never rejects. */
export async function runAttempt(attempt: AttemptOptions): Promise<AttemptEnd> {
  const { options, signal } = attempt;
  let target: Target;
  try {
    target = await withDeadline(attempt.createTarget(), {
      scheduler: options.scheduler,
      timeoutMs: options.connectTimeoutMs,
      error: () => new WscError('WSC_TIMEOUT', { message: 'The token provider took too long.' }),
    });
    signal.throwIfAborted();
  } catch (thrown) {
    return { kind: 'no-token', error: tokenError(thrown) };
  }
  let socket: ClientSocket;
  try {
    socket = await options.createSocket(target.url, target.protocols);
  } catch (thrown) {
    return { kind: 'no-socket', error: socketError(thrown) };
  }
  return follow(attempt, target, socket);
}

function follow(attempt: AttemptOptions, target: Target, socket: ClientSocket): Promise<AttemptEnd> {
  const { options } = attempt;
  let goodbye: GoodbyeData | undefined;
  return new Promise((resolve) => {
    const link = new Link({
      socket,
      codec: options.codec,
      scheduler: options.scheduler,
      welcomeTimeoutMs: options.connectTimeoutMs,
      onWelcome: (welcome) => attempt.onUp(link, welcome),
      onEnvelope: (envelope) => {
        if (envelope.type === 'goodbye') goodbye = envelope.data;
        attempt.onEnvelope(envelope);
      },
      onInvalid: attempt.onInvalid,
      onEnd: (end) => {
        attempt.onEnd(end);
        resolve({ kind: 'ended', end, goodbye, target });
      },
    });
    attempt.onLink(link);
  });
}

function tokenError(thrown: unknown): WscError {
  if (thrown instanceof WscError) return thrown;
  return new WscError('WSC_UNAVAILABLE', { message: `The token provider failed: ${messageOf(thrown)}`, cause: thrown });
}

function socketError(thrown: unknown): WscError {
  if (thrown instanceof WscError) return thrown;
  return new WscError('WSC_UNAVAILABLE', { message: `No socket could be made: ${messageOf(thrown)}`, cause: thrown });
}
