import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallHandler, NestInterceptor } from '@nestjs/common';
import {
  firstValueFrom,
  isObservable,
  map,
  merge,
  NEVER,
  Observable,
  of,
  range,
  type Subscriber,
  take,
  tap,
  throwError,
  timeout,
  toArray,
} from 'rxjs';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { runInterceptors } from './run-interceptors.js';

const passing = { intercept: (_context: unknown, next: CallHandler) => next.handle() };

const context = new ExecutionContextHost([]);

function intercepted(result: unknown, ...interceptors: NestInterceptor[]): Promise<unknown> {
  return runInterceptors({ interceptors, context, next: () => Promise.resolve(result) });
}

/** What the hub gets for a handler that returns a stream. */
async function streamOf(result: unknown, ...interceptors: NestInterceptor[]): Promise<Observable<unknown>> {
  const given = await intercepted(result, ...interceptors);
  if (!isObservable(given)) throw new Error(`Expected a stream, got ${String(given)}.`);
  return given;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a stream behind interceptors', () => {
  it('is not taken from before the hub takes it, and no further than that', async () => {
    let madeCount = 0;
    const endless = range(0, 1_000_000).pipe(tap(() => (madeCount += 1)));
    const stream = await streamOf(endless, passing, passing);
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
    expect(await firstValueFrom((await streamOf(of(1, 2), adding)).pipe(toArray()))).toEqual([1, 2, 'added']);
    const failing = {
      intercept: (_: unknown, next: CallHandler) =>
        next.handle().pipe(
          map((value) => {
            if (value === 2) throw new Error('two');
            return String(value);
          }),
        ),
    };
    await expect(firstValueFrom((await streamOf(of(1, 2), failing)).pipe(toArray()))).rejects.toThrow('two');
  });

  it('ends with the hub', async () => {
    let endCount = 0;
    const open = new Observable((subscriber) => {
      subscriber.next(1);
      return () => (endCount += 1);
    });
    const subscription = (await streamOf(merge(open, NEVER), passing)).subscribe();
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
    expect(await firstValueFrom(await streamOf(lazy, inContext))).toBe('trace');
  });
});

describe('a stream that nobody takes', () => {
  it('keeps only so much of what interceptors add, and ends then', async () => {
    let endCount = 0;
    let source: Subscriber<unknown> | undefined;
    const adding = {
      intercept: (_: unknown, next: CallHandler) =>
        merge(
          next.handle(),
          new Observable((subscriber) => {
            source = subscriber;
            return () => (endCount += 1);
          }),
        ),
    };
    expect(isObservable(await intercepted(of(1), adding))).toBe(true);
    for (let index = 0; index < 1_000; index += 1) source?.next(index);
    expect(endCount).toBe(0);
    source?.next('one too many');
    expect(endCount).toBe(1);
  });
});

describe('one value behind interceptors', () => {
  it('is one answer, as the interceptors have changed it', async () => {
    const doubling = {
      intercept: (_: unknown, next: CallHandler<number>) => next.handle().pipe(map((value) => value * 2)),
    };
    const adding = {
      intercept: async (_: unknown, next: CallHandler<number>) => next.handle().pipe(map((n) => n + 1)),
    };
    expect(await intercepted(20, doubling, adding)).toBe(42);
    expect(await intercepted(20, adding, doubling)).toBe(41);
  });

  it('is the one that comes last where an interceptor makes several of it', async () => {
    const repeating = { intercept: (_: unknown, next: CallHandler) => merge(next.handle(), of('last')) };
    expect(await intercepted('first', repeating)).toBe('first');
    expect(await runInterceptors({ interceptors: [repeating], context, next: () => 'first' })).toBe('last');
  });

  it('is not asked for where an interceptor answers by itself', async () => {
    let callCount = 0;
    const caching = { intercept: () => of('cached') };
    const next = (): unknown => (callCount += 1);
    expect(await runInterceptors({ interceptors: [passing, caching], context, next })).toBe('cached');
    expect(callCount).toBe(0);
  });

  it('fails as the handler fails, whether it throws or rejects, and as an interceptor fails', async () => {
    const failing = (): never => {
      throw new Error('handler');
    };
    const run = (next: () => unknown, ...interceptors: NestInterceptor[]) =>
      runInterceptors({ interceptors, context, next });
    await expect(run(failing, passing)).rejects.toThrow('handler');
    await expect(run(() => Promise.reject(new Error('handler')), passing, passing)).rejects.toThrow('handler');
    for (const position of [0, 1]) {
      const throwing = {
        intercept: () => {
          throw new Error(`interceptor ${String(position)}`);
        },
      };
      const interceptors = position === 0 ? [throwing, passing] : [passing, throwing];
      await expect(run(() => 1, ...interceptors)).rejects.toThrow(`interceptor ${String(position)}`);
    }
  });

  it('runs in the async context that an interceptor has called it in, even if it subscribes outside', async () => {
    const storage = new AsyncLocalStorage<string>();
    const inContext = { intercept: (_: unknown, next: CallHandler) => storage.run('trace', () => next.handle()) };
    const next = async (): Promise<unknown> => storage.getStore();
    expect(await runInterceptors({ interceptors: [inContext], context, next })).toBe('trace');
    expect(await runInterceptors({ interceptors: [inContext, passing], context, next })).toBe('trace');
  });

  it('is nobody’s once an interceptor has ended the wait', async () => {
    const impatient = {
      intercept: (_: unknown, next: CallHandler) => next.handle().pipe(timeout({ first: 1, with: () => of('late') })),
    };
    let answer: (value: unknown) => void = () => undefined;
    const next = (): Promise<unknown> => new Promise((resolve) => (answer = resolve));
    expect(await runInterceptors({ interceptors: [impatient], context, next })).toBe('late');
    let subscribed = 0;
    answer(new Observable(() => void (subscribed += 1)));
    await turn();
    expect(subscribed).toBe(0);
  });
});

it.each([
  ['an object', { status: 'error' }],
  ['undefined', undefined],
])('gives back %s that was thrown as it is', async (_, thrown) => {
  const failing = { intercept: () => throwError(() => thrown) };
  await expect(intercepted(1, passing, failing)).rejects.toBe(thrown);
});
