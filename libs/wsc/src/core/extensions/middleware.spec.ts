import { composeMiddleware, type Middleware } from './middleware.js';

type Log = string[];

const layer =
  (name: string): Middleware<Log> =>
  async (log, next) => {
    log.push(`> ${name}`);
    const result = await next();
    log.push(`< ${name}`);
    return `${name}(${String(result)})`;
  };

describe('composed middleware', () => {
  it('runs as an onion around the last, the first outermost', async () => {
    const log: Log = [];
    const run = composeMiddleware([layer('a'), layer('b')]);
    const result = await run(log, () => {
      log.push('last');
      return 1;
    });
    expect(result).toBe('a(b(1))');
    expect(log).toEqual(['> a', '> b', 'last', '< b', '< a']);
  });

  it('calls the last directly where there is none', () => {
    const result = {};
    expect(composeMiddleware<Log>([])([], () => result)).toBe(result);
  });

  it('may be run many times', async () => {
    const run = composeMiddleware([layer('a')]);
    expect([await run([], () => 1), await run([], () => 2)]).toEqual(['a(1)', 'a(2)']);
  });

  it('answers what a layer answers that does not go on', async () => {
    const last = jest.fn();
    const run = composeMiddleware<Log>([layer('a'), () => 'stop', layer('c')]);
    expect(await run([], last)).toBe('a(stop)');
    expect(last).not.toHaveBeenCalled();
  });

  it('lets a layer see and replace an error from further in', async () => {
    const rescue: Middleware<Log> = (_log, next) => next().catch((error: unknown) => `rescued ${String(error)}`);
    const run = composeMiddleware([rescue, layer('b')]);
    const last = () => {
      throw new TypeError('no');
    };
    expect(await run([], last)).toBe('rescued TypeError: no');
  });

  it('refuses to go on twice, with an error that says so', async () => {
    const last = jest.fn();
    const twice: Middleware<Log> = async (_log, next) => [await next(), await next()];
    await expect(composeMiddleware([twice])([], last)).rejects.toThrow('A middleware called next() more than once.');
    expect(last).toHaveBeenCalledTimes(1);
  });

  it('does not end the process when a layer forgets to await an error', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const forgetful: Middleware<Log> = (_log, next) => void next();
    await composeMiddleware([forgetful])([], () => Promise.reject(new Error('lost')));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
