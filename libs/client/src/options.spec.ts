import { WscClient } from './client.js';
import { createClient } from './create-client.js';
import type { WscClientOptions } from './options.js';

const url = 'ws://host';
/** As a program without a compiler would. */
const create = (...options: readonly unknown[]): unknown => Reflect.construct(WscClient, options);

describe('the options of a client', () => {
  it.each<[Partial<WscClientOptions>, string]>([
    [{ url: 'not a url' }, 'Expected `url` to be'],
    [{ url: 'ftp://host/' }, 'Expected `url` to be'],
    [{ url, requestTimeoutMs: -1 }, 'Expected `requestTimeoutMs` to be a number of at least 0, got -1 (number)'],
    [{ url, reconnect: { baseMs: Number.NaN } }, 'Expected `reconnect.baseMs`'],
  ])('make sense: %j', (options, message) => {
    expect(() => create(options)).toThrow(message);
  });

  it.each([
    [undefined, 'Expected the options of WscClient to be an object with `url`'],
    [null, 'got null'],
    [url, 'createClient(url) takes a URL alone, got ws://host (string)'],
    [{ url, tokn: 1 }, 'got "tokn"'],
    [{ url, reconnect: { baseMS: 1 } }, 'reconnect.maxAttempts), got "reconnect.baseMS"'],
    [{ url, queue: { max: 1 } }, 'got "queue.max"'],
    [{ url, queue: 100 }, 'Expected `queue` to be an object, got 100 (number)'],
    [{ url, positions: { load: () => ({}) } }, 'Expected `positions` to be an object with `load` and `save`'],
  ])('are checked at run time too, for programs without a compiler: %j', (options, message) => {
    expect(() => create(options)).toThrow(TypeError);
    expect(() => create(options)).toThrow(message);
  });

  it('may hold undefined for what is not given', () => {
    expect(createClient(url, { reconnect: undefined, queue: undefined, deviceId: undefined }).state).toBe('idle');
  });
});
