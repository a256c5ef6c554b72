import type { NestInterceptor } from '@nestjs/common';
import type { Controller } from '@nestjs/common/internal';
import { InterceptorsConsumer } from '@nestjs/core/internal';
import { from, isObservable, mergeMap, Observable, type Subscriber } from 'rxjs';

/**
 * Runs interceptors as Nest does, and gives back what the handler gave: one value where it returned one (Nest itself turns
 * everything into an Observable), an Observable only where it returned one. So a request gets one answer, or a stream of them.
 */
export class WscInterceptorsConsumer extends InterceptorsConsumer {
  // eslint-disable-next-line no-restricted-syntax -- Nest's own signature.
  override async intercept(
    interceptors: NestInterceptor[],
    args: unknown[],
    instance: Controller,
    callback: (...args: unknown[]) => unknown,
    next: () => Promise<unknown>,
    type?: string,
  ): Promise<unknown> {
    if (interceptors.length === 0) return next();
    const answers = new Answers();
    const watched = async (): Promise<unknown> => {
      const result = await next();
      return isObservable(result) ? answers.becomeStream(result) : result;
    };
    const intercepted = await super.intercept(interceptors, args, instance, callback, watched, type);
    return isObservable(intercepted) ? answers.of(intercepted) : intercepted;
  }
}

/** One value until the handler is seen to return a stream; from then on all of them. */
class Answers {
  #last: unknown;
  #isStream = false;
  #subscriber: Subscriber<unknown> | undefined;
  /** What interceptors add themselves in the microtasks before the hub subscribes. */
  readonly #early: ((to: Subscriber<unknown>) => void)[] = [];
  #streaming: () => void = () => undefined;
  #start: () => void = () => undefined;
  readonly #started = new Promise<void>((resolve) => (this.#start = resolve));

  /**
   * Holds the handler's values back until the hub takes them: one that has millions at once would otherwise fill the memory
   * before the hub could count them. By a promise, so that they come in the async context that the interceptors made.
   */
  becomeStream(result: Observable<unknown>): Observable<unknown> {
    this.#isStream = true;
    this.#streaming();
    return from(this.#started).pipe(mergeMap(() => result));
  }

  of(source: Observable<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#streaming = () => resolve(this.#stream(() => subscription.unsubscribe()));
      const subscription = source.subscribe({
        next: (value) => {
          if (this.#isStream) this.#tell((to) => to.next(value));
          else this.#last = value;
        },
        error: (error: unknown) => {
          if (this.#isStream) this.#tell((to) => to.error(error));
          else reject(error instanceof Error ? error : new Error('A handler failed.', { cause: error }));
        },
        complete: () => {
          if (this.#isStream) this.#tell((to) => to.complete());
          else resolve(this.#last);
        },
      });
    });
  }

  /** When the hub goes, so does the source. */
  #stream(stop: () => void): Observable<unknown> {
    return new Observable((subscriber) => {
      this.#subscriber = subscriber;
      for (const tell of this.#early.splice(0)) tell(subscriber);
      this.#start();
      return stop;
    });
  }

  #tell(what: (to: Subscriber<unknown>) => void): void {
    if (this.#subscriber === undefined) this.#early.push(what);
    else what(this.#subscriber);
  }
}
