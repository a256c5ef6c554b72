import { isPromiseLike, type MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';
import type { Destination } from '../ports/broker.js';
import { without } from './without.js';

/** What an inbound interceptor sees of a request or notify, and may rewrite. */
export interface InboundMessage {
  readonly event: string;
  readonly data: unknown;
}

/** Where an outbound message goes. */
export type OutboundTarget =
  | Destination
  | { readonly kind: 'connection'; readonly connectionId: string }
  | { readonly kind: 'where' }
  | { readonly kind: 'response'; readonly connectionId: string; readonly requestId?: string };

/** Sees every message on its way in or out; may let it pass, rewrite it, or veto it by answering undefined. `C` is a connection. */
export interface WscInterceptorLike<C> {
  /** Lower ones come first, in both directions; equal ones in the order in which they were added. @default 0 */
  readonly order?: number;
  inbound?(message: InboundMessage, connection: C): MaybePromise<InboundMessage | undefined>;
  /** Once per message, before it is encoded, however many receivers it has. Synchronous, so that the order of messages holds. */
  outbound?(message: OutboundMessage, target: OutboundTarget): OutboundMessage | undefined;
}

type InboundInterceptor<C> = WscInterceptorLike<C> & Required<Pick<WscInterceptorLike<C>, 'inbound'>>;
type OutboundInterceptor<C> = WscInterceptorLike<C> & Required<Pick<WscInterceptorLike<C>, 'outbound'>>;

/** All interceptors of a hub, in order. */
export class InterceptorChain<C> {
  // Replaced, never changed: one added or removed meanwhile does not disturb a message on its way.
  #all: readonly WscInterceptorLike<C>[] = [];
  #inbound: readonly InboundInterceptor<C>[] = [];
  #outbound: readonly OutboundInterceptor<C>[] = [];

  /** Whether {@link InterceptorChain.inbound} has nothing to do. */
  get isEmptyInbound(): boolean {
    return this.#inbound.length === 0;
  }

  /** Whether {@link InterceptorChain.outbound} has nothing to do. */
  get isEmptyOutbound(): boolean {
    return this.#outbound.length === 0;
  }

  /** @returns a function that removes it. */
  add(interceptor: WscInterceptorLike<C>): () => void {
    this.#replace([...this.#all, interceptor].sort((a, b) => (a.order ?? 0) - (b.order ?? 0)));
    return () => this.#replace(without(this.#all, interceptor));
  }

  /** What is left of an inbound message; undefined when it was vetoed. Synchronous if all are. @throws what one of them throws. */
  inbound(message: InboundMessage, connection: C): MaybePromise<InboundMessage | undefined> {
    let current = message;
    let passed = 0;
    for (const interceptor of this.#inbound) {
      const answer = interceptor.inbound(current, connection);
      passed += 1;
      if (isPromiseLike(answer)) return finishInbound(answer, this.#inbound.slice(passed), connection);
      if (!answer) return undefined;
      current = answer;
    }
    return current;
  }

  /** What is left of an outbound message; undefined when it was vetoed. @throws what one of them throws. */
  outbound(message: OutboundMessage, target: OutboundTarget): OutboundMessage | undefined {
    let current: OutboundMessage | undefined = message;
    for (const interceptor of this.#outbound) {
      if (!current) return undefined;
      current = mustBeNow(interceptor.outbound(current, target));
    }
    return current;
  }

  #replace(all: readonly WscInterceptorLike<C>[]): void {
    this.#all = all;
    this.#inbound = all.filter(hasInbound);
    this.#outbound = all.filter(hasOutbound);
  }
}

function hasInbound<C>(interceptor: WscInterceptorLike<C>): interceptor is InboundInterceptor<C> {
  return interceptor.inbound !== undefined;
}

function hasOutbound<C>(interceptor: WscInterceptorLike<C>): interceptor is OutboundInterceptor<C> {
  return interceptor.outbound !== undefined;
}

async function finishInbound<C>(
  pending: PromiseLike<InboundMessage | undefined>,
  rest: readonly InboundInterceptor<C>[],
  connection: C,
): Promise<InboundMessage | undefined> {
  let current = await pending;
  for (const interceptor of rest) {
    if (!current) return undefined;
    current = await interceptor.inbound(current, connection);
  }
  return current;
}

/** TypeScript lets an `async` method pass where its result is only looked at for being defined; here it would send `{}`. */
function mustBeNow(answer: OutboundMessage | undefined): OutboundMessage | undefined {
  if (!isPromiseLike(answer)) return answer;
  answer.then(undefined, () => undefined);
  throw new TypeError(
    'An outbound interceptor must answer at once, but returned a promise: do asynchronous work before sending.',
  );
}
