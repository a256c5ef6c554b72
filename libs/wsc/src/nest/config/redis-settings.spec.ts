import { WscConfigError } from './config-fault.js';
import type { WscModuleOptions } from './module-options.js';
import { resolveWscConfig } from './resolve-config.js';

const named = { prefix: 'wsc', openPrefix: 'websocket', waitForReplicas: 0 };

/** What `ioredis` makes, as far as it is looked at. */
const client = { isCluster: false, duplicate: () => client, sendCommand: () => undefined };

function faultOf(options: unknown, environment: Record<string, string> = {}): string {
  try {
    resolveWscConfig(options as WscModuleOptions, environment); // What JavaScript lets through.
    return '';
  } catch (error) {
    return error instanceof WscConfigError ? (error.message.split('\n')[1] ?? '') : String(error);
  }
}

describe('where Redis is', () => {
  it.each<[string, WscModuleOptions, Record<string, string>, unknown]>([
    ['nowhere, by default', {}, {}, undefined],
    ['in the environment', {}, { REDIS_URL: 'redis://r:6379' }, { url: 'redis://r:6379', ...named }],
    ['in code, as a URL', { redis: 'rediss://r' }, { REDIS_URL: 'redis://other' }, { url: 'rediss://r', ...named }],
    [
      'in code, with names',
      { redis: { url: 'redis://r', prefix: 'shop' } },
      {},
      { ...named, url: 'redis://r', prefix: 'shop' },
    ],
    [
      'in the environment, with the rest in code',
      { redis: { db: 3 } },
      { REDIS_URL: 'redis://r' },
      { ...named, url: 'redis://r', db: 3 },
    ],
    [
      'at Sentinels',
      { redis: { sentinels: [{ host: 's', port: 26_379 }], name: 'main' } },
      { REDIS_URL: 'redis://other' },
      { sentinels: [{ host: 's', port: 26_379 }], name: 'main', ...named },
    ],
    [
      'a cluster',
      { redis: { cluster: [{ host: 'c', port: 7000 }] } },
      {},
      { cluster: [{ host: 'c', port: 7000 }], ...named },
    ],
    [
      'a client of the application',
      { redis: client },
      { REDIS_URL: 'redis://other', WSC_REDIS_PREFIX: 'shop' },
      { client, ...named, prefix: 'shop' },
    ],
    [
      'whose replicas have what is kept',
      {},
      { REDIS_URL: 'redis://r', WSC_REDIS_WAIT_FOR_REPLICAS: '1' },
      { ...named, url: 'redis://r', waitForReplicas: 1 },
    ],
    ['switched off', { redis: false }, { REDIS_URL: 'redis://r' }, undefined],
    [
      'without open channels',
      {},
      { REDIS_URL: 'redis://r', WSC_REDIS_OPEN_PREFIX: 'none' },
      { ...named, url: 'redis://r', openPrefix: '' },
    ],
  ])('is said %s', (...[, options, environment, redis]) => {
    expect(resolveWscConfig(options, environment).redis).toEqual(redis);
  });

  it.each<[string, unknown, Record<string, string>, string]>([
    ['a URL of another kind', { redis: 'http://r' }, {}, '  - redis.url is (hidden'],
    [
      'a URL of another kind in the environment',
      {},
      { REDIS_URL: 'localhost:6379' },
      '(environment variable REDIS_URL): expected a URL such as redis://host:6379.',
    ],
    [
      'a host that would be a protocol',
      {},
      { REDIS_URL: 'redis:6379' },
      '(environment variable REDIS_URL): expected a URL such as redis://host:6379.',
    ],
    [
      'a number',
      { redis: 6379 },
      {},
      '  - redis (option redis): expected a URL such as redis://host:6379, an object, a client of ioredis, or false.',
    ],
    [
      'two places',
      { redis: { url: 'redis://r', cluster: [{ host: 'c', port: 7000 }] } },
      {},
      'expected one of url, sentinels, cluster and client',
    ],
    [
      'Sentinels without a name',
      { redis: { sentinels: [{ host: 's', port: 26_379 }] } },
      {},
      'to have a name beside sentinels',
    ],
    [
      'a mistyped option',
      { redis: { sentinal: [] } },
      {},
      '"redis.sentinal": expected an option of WscModule; did you mean redis.sentinels?',
    ],
    [
      'a prefix with a hash tag',
      { redis: { url: 'redis://r', prefix: '{a}' } },
      {},
      'redis (option redis): expected prefix in the options of Redis to be 1 to 64 characters',
    ],
    ['what is no client', { redis: { isCluster: false, duplicate: () => undefined } }, {}, 'to be made by ioredis'],
  ])('stops the start as %s', (...[, options, environment, expected]) => {
    expect(faultOf(options, environment)).toContain(expected);
  });

  it('never shows a password', () => {
    const url = 'http://:hunter2@r';
    expect(faultOf({ redis: url }) + faultOf({ redis: { url } }) + faultOf({}, { REDIS_URL: url })).not.toContain(
      'hunter2',
    );
    expect(JSON.stringify(resolveWscConfig({}, { REDIS_URL: 'redis://:hunter2@r' }).settings)).not.toContain('hunter2');
  });
});
