import { Handshake } from '../core/connect/handshake.js';
import { MemoryLogger } from '../testing/memory-logger.js';
import { ListedOriginPolicy, type OriginOptions } from './origin-policy.js';

interface Asked {
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly raw?: unknown;
}

function handshake({ host = 'gateway.example.com', headers = {}, raw }: Asked = {}): Handshake {
  return new Handshake({
    request: {
      path: '/ws',
      query: new URLSearchParams(),
      headers: { host, ...headers },
      peerAddress: '127.0.0.1',
      isUpgrade: true,
      offeredProtocols: [],
      raw,
    },
    path: '/ws',
    params: {},
    remoteAddress: '127.0.0.1',
    token: undefined,
    connectToken: undefined,
    deviceId: 'd',
    protocol: undefined,
  });
}

const create = (options: OriginOptions, logger = new MemoryLogger()) => new ListedOriginPolicy(options, { logger });

const allows = (options: OriginOptions, origin: string, asked?: Asked) =>
  create(options).isAllowed(origin, handshake(asked));

describe('without a list', () => {
  it.each([
    ['https://gateway.example.com', 'gateway.example.com', true],
    ['http://gateway.example.com', 'gateway.example.com', true],
    ['https://gateway.example.com', 'gateway.example.com:443', true],
    ['http://gateway.example.com', 'gateway.example.com:80', true],
    ['http://localhost:8080', 'localhost:8080', true],
    ['http://[::1]:8080', '[::1]:8080', true],
    ['https://gateway.example.com', 'Gateway.Example.COM', true],
    ['http://localhost:5173', 'localhost:8080', false],
    ['https://gateway.example.com:8443', 'gateway.example.com', false],
    ['https://example.com', 'gateway.example.com', false],
    ['https://evil.com', 'gateway.example.com', false],
    ['https://evil.com', 'x@evil.com', false],
    ['https://evil.com', 'evil.com/x', false],
    ['https://gateway.example.com.evil.com', 'gateway.example.com', false],
    ['ftp://gateway.example.com', 'gateway.example.com', false],
    ['null', 'gateway.example.com', false],
    ['', '', false],
    ['http://', '', false],
  ])('the origin %s at the host %s is allowed: %s', (origin, host, isAllowed) => {
    expect(allows({}, origin, { host })).toBe(isAllowed);
  });

  it('is an empty list too', () => {
    expect(allows({ origins: [] }, 'https://gateway.example.com')).toBe(true);
    expect(allows({ origins: [] }, 'https://evil.com')).toBe(false);
  });

  it.each<[string, Asked]>([
    ['its own TLS', { raw: { socket: { encrypted: true } } }],
    ['a proxy with TLS', { headers: { 'x-forwarded-proto': 'https, http' } }],
  ])('a page over http may not connect through %s', (_case, asked) => {
    expect(allows({}, 'http://gateway.example.com', asked)).toBe(false);
    expect(allows({}, 'https://gateway.example.com', asked)).toBe(true);
  });

  it('a page over https may connect where the proxy says nothing or http', () => {
    expect(allows({}, 'https://gateway.example.com', { raw: { socket: {} } })).toBe(true);
    expect(allows({}, 'https://gateway.example.com', { headers: { 'x-forwarded-proto': 'http' } })).toBe(true);
  });
});

describe('a list of origins', () => {
  const origins = [
    'https://example.com',
    'http://localhost:5173/',
    'https://*.example.com',
    'https://*.port.example:8443',
    'https://BÜCHER.example:443',
    'https://*.straße.example',
    'capacitor://localhost',
  ];

  it.each([
    ['https://example.com', true],
    ['http://localhost:5173', true],
    ['https://app.example.com', true],
    ['https://a.b-c.example.com', true],
    ['https://a.port.example:8443', true],
    ['https://xn--bcher-kva.example', true],
    ['https://a.xn--strae-oqa.example', true],
    ['capacitor://localhost', true],
    ['https://evil-example.com', false],
    ['https://example.com.evil.io', false],
    ['https://app.example.com.evil.io', false],
    ['https://appXexample.com', false],
    ['https://app.exampleXcom', false],
    ['https://.example.com', false],
    ['https://evil.io/.example.com', false],
    ['https://evil.io#.example.com', false],
    ['https://user@app.example.com', false],
    ['https://evil.io:443@app.example.com', false],
    ['https://evil.io\\.example.com', false],
    ['https://app.example.com:8443', false],
    ['https://a.port.example', false],
    ['https://port.example:8443', false],
    ['http://app.example.com', false],
    ['http://example.com', false],
    ['https://localhost:5173', false],
    ['http://localhost:5173/', false],
    ['HTTPS://EXAMPLE.COM', false],
    ['https://example.com:443', false],
    ['https://bücher.example', false],
    ['ionic://localhost', false],
    ['null', false],
    ['https://gateway.example.org', false],
  ])('lets %s in: %s', (origin, isAllowed) => {
    expect(allows({ origins }, origin, { host: 'gateway.example.org' })).toBe(isAllowed);
  });

  it('answers a hostile origin of 16 KB at once', () => {
    const times = Array.from({ length: 5 }, () => {
      const startedAt = performance.now();
      expect(allows({ origins }, `https://${'a.'.repeat(8_000)}evil`)).toBe(false);
      return performance.now() - startedAt;
    });
    // The machine may have been busy with something else in one of them, but not in all.
    expect(Math.min(...times)).toBeLessThan(100);
  });

  it('may hold same-origin and null beside others', () => {
    const mixed = { origins: ['same-origin', 'null', 'https://example.com'] };
    for (const origin of ['https://gateway.example.com', 'null', 'https://example.com'])
      expect(allows(mixed, origin)).toBe(true);
    expect(allows(mixed, 'https://evil.com')).toBe(false);
  });

  it.each([
    'example.com',
    'https://',
    'https://*',
    'https://*.',
    'https://*.*.example.com',
    'https://app*.example.com',
    'https://app.*.com',
    'https://*.example.com:*',
    '*://example.com',
    'https://example.com/path',
    'https://user@example.com',
    'https://example.com:99999',
    'wss://example.com',
    '',
  ])('refuses the entry "%s" by its name', (entry) => {
    expect(() => create({ origins: [entry] })).toThrow(`got "${entry}"`);
  });

  it('is replaced at run time, and stays as it was when the new one is wrong', () => {
    const policy = create({ origins: ['https://a.example'] });
    expect(() => policy.update(['https://b.example', '*'])).toThrow('allowAllOrigins');
    expect(policy.isAllowed('https://a.example', handshake())).toBe(true);
    policy.update(['https://b.example']);
    expect(policy.isAllowed('https://a.example', handshake())).toBe(false);
    expect(policy.isAllowed('https://b.example', handshake())).toBe(true);
  });
});

describe('the origin *', () => {
  it('needs a word of its own in production, and where nobody said that it is none', () => {
    expect(() => create({ origins: ['*'] })).toThrow('WSC_ALLOW_ALL_ORIGINS=true');
    expect(() => create({ origins: ['*'], isProduction: true })).toThrow('WSC_ALLOW_ALL_ORIGINS=true');
    expect(allows({ origins: ['*'], isProduction: true, allowAllOrigins: true }, 'https://any.example')).toBe(true);
  });

  it('lets everybody in elsewhere', () => {
    expect(allows({ origins: ['*'], isProduction: false }, 'null')).toBe(true);
  });
});

describe('checkOrigin', () => {
  it('replaces the list in both directions', async () => {
    const options: OriginOptions = {
      origins: ['https://listed.example'],
      checkOrigin: (asked) => Promise.resolve(asked.header('origin') === 'https://asked.example'),
    };
    const check = (origin: string) => allows(options, origin, { headers: { origin } });
    await expect(check('https://asked.example')).resolves.toBe(true);
    await expect(check('https://listed.example')).resolves.toBe(false);
  });
});

describe('an origin that is refused', () => {
  it('is warned about once, with the host that it is not, and with at most nine others', () => {
    const logger = new MemoryLogger();
    const policy = create({}, logger);
    const ask = (origin: string): void => void policy.isAllowed(origin, handshake({ host: 'localhost:3000' }));
    for (let round = 0; round < 2; round += 1) ask('http://localhost:5173');
    ask('http://localhost:3000');
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining('WSC_ORIGINS'),
        context: { origin: 'http://localhost:5173', host: 'localhost:3000' },
      },
    ]);
    for (let port = 0; port < 100; port += 1) ask(`http://evil.example:${port + 8000}`);
    expect(logger.lines).toHaveLength(10);
  });

  it('by a function is no business of the list', () => {
    const logger = new MemoryLogger();
    void create({ checkOrigin: () => false }, logger).isAllowed('http://localhost:5173', handshake());
    expect(logger.lines).toEqual([]);
  });
});
