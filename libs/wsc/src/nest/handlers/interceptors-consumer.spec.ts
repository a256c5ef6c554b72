import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallHandler, NestInterceptor } from '@nestjs/common';
import { firstValueFrom, isObservable, map, merge, NEVER, Observable, of, range, take, tap, toArray } from 'rxjs';
import { WscInterceptorsConsumer } from './interceptors-consumer.js';

const passing = { intercept: (_context: unknown, next: CallHandler) => next.handle() };

/** What the hub gets for a handler that returns `result`. */
async function intercepted(result: unknown, ...interceptors: NestInterceptor[]): Promise<Observable<unknown>> {
  const consumer = new WscInterceptorsConsumer();
  const next = (): Promise<unknown> => Promise.resolve(result);
  const given = await consumer.intercept(interceptors, [], passing, () => undefined, next, 'ws');
  if (!isObservable(given)) throw new Error(`Expected a stream, got ${String(given)}.`);
  return given;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a stream behind interceptors', () => {
  it('is not taken from before the hub takes it, and no further than that', async () => {
    let madeCount = 0;
    const endless = range(0, 1_000_000).pipe(tap(() => (madeCount += 1)));
    const stream = await intercepted(endless, passing, passing);
    await turn();
    expect(madeCount).toBe(0);
    expect(await firstValueFrom(stream.pipe(take(3), toArray()))).toEqual([0, 1, 2]);
    expect(madeCount).toBe(3);
  });

  it('has what interceptors add, and their errors', async () => {
    const adding = {
      intercept: (_: unknown, next: CallHandler) =>
        merge(
          next.handle(),
          turn().then(() => 'added'),
        ),
    };
    expect(await firstValueFrom((await intercepted(of(1, 2), adding)).pipe(toArray()))).toEqual([1, 2, 'added']);
    const failing = {
      intercept: (_: unknown, next: CallHandler) =>
        next.handle().pipe(
          map((value) => {
            if (value === 2) throw new Error('two');
            return String(value);
          }),
        ),
    };
    await expect(firstValueFrom((await intercepted(of(1, 2), failing)).pipe(toArray()))).rejects.toThrow('two');
  });

  it('ends with the hub', async () => {
    let endCount = 0;
    const open = new Observable((subscriber) => {
      subscriber.next(1);
      return () => (endCount += 1);
    });
    const subscription = (await intercepted(merge(open, NEVER), passing)).subscribe();
    await turn();
    subscription.unsubscribe();
    expect(endCount).toBe(1);
  });

  it('runs in the async context that an interceptor has made', async () => {
    const context = new AsyncLocalStorage<string>();
    const inContext = {
      intercept: (_: unknown, next: CallHandler) =>
        new Observable((subscriber) => context.run('trace', () => next.handle().subscribe(subscriber))),
    };
    const lazy = new Observable((subscriber) => {
      subscriber.next(context.getStore());
      subscriber.complete();
    });
    expect(await firstValueFrom(await intercepted(lazy, inContext))).toBe('trace');
  });
});
