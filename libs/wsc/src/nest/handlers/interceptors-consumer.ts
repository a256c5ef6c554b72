import type { NestInterceptor } from '@nestjs/common';
import type { Controller } from '@nestjs/common/internal';
import { InterceptorsConsumer } from '@nestjs/core/internal';
import { isObservable, Observable, ReplaySubject } from 'rxjs';

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
      if (isObservable(result)) answers.becomeStream();
      return result;
    };
    const intercepted = await super.intercept(interceptors, args, instance, callback, watched, type);
    return isObservable(intercepted) ? answers.of(intercepted) : intercepted;
  }
}

/** One value until the handler is seen to return a stream; from then on all of them. */
class Answers {
  #last: unknown;
  #relay: ReplaySubject<unknown> | undefined;
  #streaming: () => void = () => undefined;

  becomeStream(): void {
    this.#relay = new ReplaySubject();
    this.#streaming();
  }

  of(source: Observable<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#streaming = () => resolve(this.#stream(() => subscription.unsubscribe()));
      const subscription = source.subscribe({
        next: (value) => {
          if (this.#relay === undefined) this.#last = value;
          else this.#relay.next(value);
        },
        error: (error: unknown) => {
          if (this.#relay === undefined)
            reject(error instanceof Error ? error : new Error('A handler failed.', { cause: error }));
          else this.#relay.error(error);
        },
        complete: () => {
          if (this.#relay === undefined) resolve(this.#last);
          else this.#relay.complete();
        },
      });
    });
  }

  /** Items that came before the hub subscribes are replayed to it; when it goes, so does the source. */
  #stream(stop: () => void): Observable<unknown> {
    const relay = this.#relay;
    return new Observable((subscriber) => {
      const subscription = relay?.subscribe(subscriber);
      return () => {
        subscription?.unsubscribe();
        stop();
      };
    });
  }
}
