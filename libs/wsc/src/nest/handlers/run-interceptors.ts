import { AsyncResource } from 'node:async_hooks';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { from, isObservable, mergeMap, Observable, type Subscriber, type Subscription } from 'rxjs';
import { isPromiseLike, type MaybePromise } from '../../core/async/maybe-promise.js';

/** Interceptors around one call of a method. */
export interface Interception {
  readonly interceptors: readonly NestInterceptor[];
  readonly context: ExecutionContext;
  /** Calls the method. */
  next(): MaybePromise<unknown>;
}

/**
 * Runs interceptors in Nest's order, each around the next, and gives back what the handler gave: one value where it returned
 * one (Nest itself turns everything into an Observable), an Observable only where it returned one. So a request gets one answer,
 * or a stream of them. As in Nest, what is inside runs in the async context in which an interceptor has called `handle`.
 */
export function runInterceptors(interception: Interception): Promise<unknown> {
  return new Promise((resolve, reject) => new InterceptedCall(interception, resolve, reject).start());
}

/** One value until the handler is seen to return a stream; from then on all of them. */
class InterceptedCall {
  readonly #interception: Interception;
  readonly #resolve: (answer: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #subscription: Subscription | undefined;
  #last: unknown;
  #stream: HeldStream | undefined;

  constructor(interception: Interception, resolve: (answer: unknown) => void, reject: (error: unknown) => void) {
    this.#interception = interception;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** @throws what the first interceptor throws. */
  start(): void {
    const given = this.#intercept(0);
    if (!isPromiseLike(given)) this.#subscribe(given);
    else given.then((source) => this.#subscribe(source)).catch((error: unknown) => this.error(error));
  }

  next(value: unknown): void {
    if (this.#stream === undefined) this.#last = value;
    else this.#stream.tell((to) => to.next(value));
  }

  error(error: unknown): void {
    if (this.#stream !== undefined) this.#stream.tell((to) => to.error(error));
    // As it is, whatever was thrown: filters look for it, and an error of another realm is no `Error` here.
    else this.#reject(error);
  }

  complete(): void {
    if (this.#stream === undefined) this.#resolve(this.#last);
    else this.#stream.tell((to) => to.complete());
  }

  #subscribe(source: Observable<unknown>): void {
    this.#subscription = source.subscribe(this);
  }

  #intercept(index: number): ReturnType<NestInterceptor['intercept']> {
    const { interceptors, context } = this.#interception;
    const interceptor = interceptors[index];
    return interceptor === undefined ? this.#method() : interceptor.intercept(context, this.#handlerBehind(index));
  }

  #handlerBehind(index: number): CallHandler {
    return {
      handle: () => {
        if (index + 1 === this.#interception.interceptors.length) return this.#method();
        return inThisScope((subscriber) => follow(this.#intercept(index + 1), subscriber));
      },
    };
  }

  #method(): Observable<unknown> {
    return inThisScope((subscriber) => {
      const result = this.#interception.next();
      if (!isPromiseLike(result)) return this.#emit(result, subscriber);
      later(result, subscriber, (value) => this.#emit(value, subscriber));
    });
  }

  #emit(value: unknown, to: Subscriber<unknown>): Subscription | undefined {
    // An interceptor has ended it, as with a time-out: whatever comes of it is nobody's.
    if (to.closed) return undefined;
    if (isObservable(value)) return this.#becomeStream(value).subscribe(to);
    to.next(value);
    to.complete();
    return undefined;
  }

  /**
   * Holds the handler's values back until the hub takes them: one that has millions at once would otherwise fill the memory
   * before the hub could count them. By a promise, so that they come in the async context that the interceptors made.
   */
  #becomeStream(result: Observable<unknown>): Observable<unknown> {
    this.#stream ??= new HeldStream(() => this.#subscription?.unsubscribe());
    this.#resolve(this.#stream.answers);
    return from(this.#stream.started).pipe(mergeMap(() => result));
  }
}

/** A hub that takes a stream takes it within a few microtasks; one whose client has gone never does. */
const maxEarly = 1_000;

/** The values of a stream, from when the hub subscribes. */
class HeldStream {
  /** For the hub. When it goes, so does the source. */
  readonly answers: Observable<unknown>;
  readonly started: Promise<void>;
  #start: () => void = () => undefined;
  #subscriber: Subscriber<unknown> | undefined;
  /** What interceptors add themselves before the hub subscribes. */
  readonly #early: ((to: Subscriber<unknown>) => void)[] = [];

  readonly #stop: () => void;

  constructor(stop: () => void) {
    this.#stop = stop;
    this.started = new Promise((resolve) => (this.#start = resolve));
    this.answers = new Observable((subscriber) => {
      this.#subscriber = subscriber;
      for (const tell of this.#early.splice(0)) tell(subscriber);
      this.#start();
      return stop;
    });
  }

  tell(what: (to: Subscriber<unknown>) => void): void {
    if (this.#subscriber !== undefined) what(this.#subscriber);
    else if (this.#early.length < maxEarly) this.#early.push(what);
    else this.#stop();
  }
}

/** Runs `subscribe` in the async context of now, whenever somebody subscribes. */
function inThisScope(subscribe: (subscriber: Subscriber<unknown>) => Subscription | undefined): Observable<unknown> {
  const scope = new AsyncResource('WscInterceptor');
  return new Observable((subscriber) => scope.runInAsyncScope(subscribe, undefined, subscriber));
}

function follow(
  given: ReturnType<NestInterceptor['intercept']>,
  subscriber: Subscriber<unknown>,
): Subscription | undefined {
  if (!isPromiseLike(given)) return given.subscribe(subscriber);
  later(given, subscriber, (source) => source.subscribe(subscriber));
  return undefined;
}

/** Goes on with what a promise gives; whatever fails on the way, a wrong result too, is the subscriber's to hear. */
function later<T>(
  promise: PromiseLike<T>,
  subscriber: Subscriber<unknown>,
  next: (value: T) => Subscription | undefined,
): void {
  Promise.resolve(promise)
    .then((value) => subscriber.add(next(value)))
    .catch((error: unknown) => subscriber.error(error));
}
