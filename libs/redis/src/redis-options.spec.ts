import { resolveRedisOptions, type RedisOptions } from './redis-options.js';

const address = { host: '10.0.0.1', port: 6379 };

/** As a program in JavaScript might call it. */
const messageFor = (options: unknown): string => {
  try {
    resolveRedisOptions(options as RedisOptions);
    return 'nothing';
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
};

describe('the options of Redis', () => {
  it.each([
    ['a URL', 'redis://localhost:6379', { kind: 'single' }],
    ['a URL with an address of IPv6', 'redis://[::1]:6379/', { kind: 'single' }],
    ['a URL that says how its host is looked up', 'redis://redis.internal:6379?family=0', { kind: 'single' }],
    ['a URL with TLS and a password', { url: 'rediss://app:secret@redis.example:6380/1' }, { kind: 'single' }],
    ['Sentinels', { sentinels: [address], name: 'main' }, { kind: 'sentinel', name: 'main' }],
    ['a cluster', { cluster: [address] }, { kind: 'cluster', nodes: [address] }],
  ])('may be %s', (_, options, target) => {
    expect(resolveRedisOptions(options)).toMatchObject({ target, prefix: 'wsc', openPrefix: 'websocket' });
  });

  it('keep the prefixes that were chosen, and no open channels where that is empty', () => {
    const options = { url: 'redis://localhost', prefix: 'shop', openPrefix: '' };
    expect(resolveRedisOptions(options)).toMatchObject({ prefix: 'shop', openPrefix: '' });
  });

  it.each([
    ['nothing that says where it is', {}, 'got none'],
    ['two places', { url: 'redis://a', cluster: [address] }, 'got url and cluster'],
    ['no URL', 'localhost:6379', 'redis://host:6379'],
    ['a URL of something else', 'https://example.com', 'redis://host:6379'],
    ['a host without slashes, which would be a protocol', 'redis:6379', 'redis://host:6379'],
    ['no host', 'redis:///0', 'redis://host:6379'],
    ['a port of nobody', 'redis://host:0', 'redis://host:6379'],
    ['a database that is no number', 'redis://host:6379/cache', 'redis://host:6379'],
    ['a password that is not encoded', 'redis://app:#secret@host', 'percent-encoded'],
    ['options of ioredis', 'redis://host?enableOfflineQueue=true', 'redis://host:6379'],
    ['a database that is a text', { url: 'redis://a', db: '3' }, 'Expected db'],
    ['a database below the first', { url: 'redis://a', db: -1 }, 'Expected db'],
    ['Sentinels without a name', { sentinels: [address] }, 'a name beside sentinels'],
    ['no nodes', { cluster: [] }, 'Expected cluster'],
    ['a port that is none', { cluster: [{ host: 'a', port: 70_000 }] }, 'Expected cluster'],
    ['addresses that are texts', { sentinels: ['a:26379'], name: 'main' }, 'Expected sentinels'],
    ['a prefix with braces', { url: 'redis://a', prefix: 'a{b}' }, 'Expected prefix'],
    ['replicas by half', { url: 'redis://a', waitForReplicas: 0.5 }, 'Expected waitForReplicas'],
    ['an open prefix with a star', { url: 'redis://a', openPrefix: '*' }, 'Expected openPrefix'],
    ['a client of another library', { client: { isCluster: false, duplicate: () => undefined } }, 'made by ioredis'],
  ])('are refused with %s, and with what to write instead', (_, options, expected) => {
    expect(messageFor(options)).toContain(expected);
  });

  it('are refused without the password that stood in them', () => {
    expect(messageFor('http://app:secret@redis:6379')).not.toContain('secret');
  });
});
