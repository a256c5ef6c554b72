import { resolveRedisOptions, type RedisOptions, type RedisSettings } from '@nest-wsc/redis';
import { isObject } from './option-rules.js';
import type { WscSettings } from './wsc-settings.js';

/**
 * Where Redis is, which makes many gateways one (docs/scaling.md): a URL, settings with `url`, `sentinels` or `cluster`, or an
 * `ioredis` client that the application has. `false`: none, whatever `REDIS_URL` says.
 */
export type WscRedisOptions = false | RedisOptions;

/** How {@link WscSettings.redisOpenPrefix} says that there are no open channels. */
const noOpenChannels = 'none';

/** Those of {@link RedisSettings} that only code can give. */
export const redisCodeOptionNames = Object.freeze(
  Object.keys({
    sentinels: true,
    name: true,
    sentinelUsername: true,
    sentinelPassword: true,
    cluster: true,
    natMap: true,
    client: true,
    username: true,
    password: true,
    db: true,
    tls: true,
  } satisfies Record<Exclude<keyof RedisSettings, 'url' | 'prefix' | 'openPrefix' | 'waitForReplicas'>, true>),
);

/** What the option gives of settings, and of what only code can give. */
export function redisOptionEntries(redis: unknown): readonly (readonly [string, unknown])[] {
  if (typeof redis === 'string') return [['redis.url', redis]];
  if (!isObject(redis) || isClient(redis)) return [];
  return Object.entries(redis).map(([name, value]: [string, unknown]) => [`redis.${name}`, value]);
}

/** What is wrong with the option; reads on after "expected". */
export function findRedisFault(redis: WscRedisOptions | undefined): string | undefined {
  if (redis === undefined || redis === false || typeof redis === 'string') return undefined;
  if (!isObject(redis)) return 'a URL such as redis://host:6379, an object, a client of ioredis, or false';
  try {
    const isWhole = isClient(redis) || hasPlace(redis);
    resolveRedisOptions(isWhole ? redis : { ...redis, url: 'redis://from-the-environment' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Expected (.*?)\.?$/s, '$1') : 'options of Redis';
  }
}

/** What the stores take; undefined: everything stays in memory. */
export function toRedisOptions(settings: WscSettings, redis: WscRedisOptions | undefined): RedisSettings | undefined {
  if (redis === false) return undefined;
  const { redisUrl: url, redisPrefix: prefix, redisOpenPrefix, redisWaitForReplicas: waitForReplicas } = settings;
  const openPrefix = redisOpenPrefix === noOpenChannels ? '' : redisOpenPrefix;
  const rest = { prefix, openPrefix, waitForReplicas };
  if (typeof redis === 'object' && 'isCluster' in redis) return { client: redis, ...rest };
  const { url: _url, ...others } = typeof redis === 'object' ? redis : {};
  if (hasPlace(others)) return { ...others, ...rest };
  return url === undefined ? undefined : { ...others, url, ...rest };
}

/** Whether it says where Redis is by itself, so that `REDIS_URL` says nothing. */
function hasPlace(redis: object): boolean {
  return ['url', 'sentinels', 'cluster', 'client'].some((name) => Reflect.get(redis, name) !== undefined);
}

function isClient(redis: object): boolean {
  return 'isCluster' in redis;
}
