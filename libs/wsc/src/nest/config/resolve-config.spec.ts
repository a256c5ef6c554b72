import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { Authenticator } from '../../core/ports/access.js';
import { defaultHubOptions } from '../../core/hub-options.js';
import { WscConfigError } from './config-fault.js';
import type { WscModuleOptions } from './module-options.js';
import { resolveWscConfig } from './resolve-config.js';
import { settingFields } from './setting-fields.js';
import { describeSource } from './setting-source.js';

const secret = 'a secret of thirty-two characters';
const folder = mkdtempSync(join(tmpdir(), 'wsc-config-'));
const file = join(folder, 'wsc.yaml');
const authenticator: Authenticator = {
  authenticate: () => undefined,
  verify: () => ({ userId: 'u', claims: {} }),
};

afterAll(() => rmSync(folder, { recursive: true }));

function inFile(yaml: string): { WSC_CONFIG_FILE: string } {
  writeFileSync(file, yaml);
  return { WSC_CONFIG_FILE: file };
}

/** The lines of what the start is stopped with. */
function faultsOf(options: unknown, environment: Record<string, string> = {}): readonly string[] {
  try {
    resolveWscConfig(options as WscModuleOptions, environment);
  } catch (error) {
    if (!(error instanceof WscConfigError)) throw error;
    expect(error.faults).toHaveLength(error.message.split('\n').length - 1);
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.replace('  - ', '').replaceAll(file, 'FILE'));
  }
  return [];
}

describe('the configuration without any setting', () => {
  const config = resolveWscConfig({}, {});

  it('is the hub’s defaults, frozen, under a random node id', () => {
    const { nodeId, ...hub } = config.hub;
    expect(hub).toEqual({ ...defaultHubOptions, auth: 'none' });
    expect(nodeId).toMatch(/^node-[0-9a-f]{12}$/);
    expect(resolveWscConfig({}, {}).hub.nodeId).not.toBe(nodeId);
    expect([config, config.hub, config.hub.limits, config.access].every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('has the documented defaults', () => {
    expect(config).toMatchObject({
      enabled: true,
      path: '/ws',
      port: undefined,
      transport: { compression: false, defaultProtocol: 'wsc.v1.json' },
      access: { origins: ['same-origin'], allowAllOrigins: false, ipAllow: [], trustedProxies: [], jwt: undefined },
    });
  });

  it('warns that connections are anonymous', () => {
    expect(config.warnings).toEqual([expect.stringContaining('anonymous')]);
    expect(resolveWscConfig({ auth: 'none' }, {}).warnings).toEqual([]);
  });
});

describe('a setting', () => {
  it('is taken from code before the environment, before the file, before the default', () => {
    const environment = {
      WSC_MAX_ROOMS: '2',
      WSC_MAX_CONNECTIONS: '2',
      ...inFile('wsc: { limits: { max_rooms: 3, max_connections: 3, max_room_members: 3 } }'),
    };
    const { hub, sources } = resolveWscConfig({ maxRooms: 1, maxConnections: undefined }, environment);
    expect(hub.limits).toMatchObject({ maxRooms: 1, maxConnections: 2, maxRoomMembers: 3, maxRoomsPerConnection: 100 });
    const described = ['maxRooms', 'maxConnections', 'maxRoomMembers', 'maxRoomsPerConnection'] as const;
    expect(described.map((name) => describeSource(sources.get(name)!))).toEqual([
      'option maxRooms',
      'environment variable WSC_MAX_CONNECTIONS',
      `${file}:1`,
      'default',
    ]);
  });

  it.each([
    ['WSC_ENABLED', 'NO', { enabled: false }],
    ['WSC_COMPRESSION', 'Yes', { transport: { compression: true } }],
    ['WSC_TOKEN_IN_QUERY', '1', { hub: { tokenInQuery: true } }],
    ['WSC_PORT', '0', { port: 0 }],
    ['WSC_PATH', ' /live/:tenant ', { path: '/live/:tenant' }],
    [
      'WSC_ORIGINS',
      ' https://a.example, ,https://*.b.example ',
      { access: { origins: ['https://a.example', 'https://*.b.example'] } },
    ],
    ['WSC_IP_DENY', '10.0.0.0/8,2001:db8::/32', { access: { ipDeny: ['10.0.0.0/8', '2001:db8::/32'] } }],
    ['WSC_DEVICE_POLICY', 'unlimited', { hub: { devicePolicy: { maxDevices: 0, whenExceeded: 'kick-oldest' } } }],
    ['WSC_DEVICE_POLICY', 'single', { hub: { devicePolicy: { maxDevices: 1, whenExceeded: 'kick-oldest' } } }],
    ['WSC_DEVICE_POLICY', 'single:kick-all', { hub: { devicePolicy: { maxDevices: 1, whenExceeded: 'kick-all' } } }],
    ['WSC_DEVICE_POLICY', 'max:3:reject-new', { hub: { devicePolicy: { maxDevices: 3, whenExceeded: 'reject-new' } } }],
    [
      'WSC_DISABLED_BUILT_INS',
      'room_message,refresh_token',
      { hub: { builtIns: { rooms: true, roomMessage: false, refreshToken: false } } },
    ],
    ['WSC_OUTBOX_BYTES', '0', { hub: { outbox: { maxBytes: 0 } } }],
    ['WSC_HEARTBEAT_INTERVAL_MS', '  ', { hub: { heartbeatIntervalMs: 30_000 } }],
  ])('is read from %s=%j', (variable, text, expected) => {
    expect(resolveWscConfig({}, { [variable]: text })).toMatchObject(expected);
  });

  it.each([
    ['WSC_PORT', '65536', 'port is 65536'],
    ['WSC_PORT', '8e3', 'port is "8e3"'],
    ['WSC_HEARTBEAT_INTERVAL_MS', '30s', 'heartbeatIntervalMs is "30s"'],
    ['WSC_MAX_CONNECTIONS', '-1', 'maxConnections is -1'],
    ['WSC_MAX_CONNECTIONS', '1.5', 'maxConnections is "1.5"'],
    ['WSC_MAX_CONNECTIONS', '99999999999', 'maxConnections is 99999999999'],
    ['WSC_MESSAGES_BURST', '0', 'messagesBurst is 0'],
    ['WSC_COMPRESSION', 'on', 'compression is "on"'],
    ['WSC_AUTH', 'maybe', 'auth is "maybe"'],
    ['WSC_PATH', 'ws', 'path is "ws"'],
    ['WSC_NODE_ID', 'a b', 'nodeId is "a b"'],
    ['WSC_TOKEN_COOKIE', 'a=b', 'tokenCookie is "a=b"'],
    ['WSC_ORIGINS', 'https://a.example/path', 'origins is ["https://a.example/path"]'],
    ['WSC_IP_ALLOW', '10.0.0.0/33', 'ipAllow is ["10.0.0.0/33"]'],
    ['WSC_DEVICE_POLICY', 'max:0', 'devicePolicy is "max:0"'],
    ['WSC_DEVICE_POLICY', 'unlimited:kick-all', 'devicePolicy is "unlimited:kick-all"'],
    ['WSC_PROTOCOLS', 'wsc.v2.json', 'protocols is ["wsc.v2.json"]'],
    ['WSC_DISABLED_BUILT_INS', 'typing', 'disabledBuiltIns is ["typing"]'],
    ['JWT_JWKS_URL', 'ftp://keys', 'jwt.jwksUrl is "ftp://keys"'],
  ])('is refused from %s=%j', (variable, text, expected) => {
    const [fault, ...others] = faultsOf({}, { [variable]: text });
    expect(fault?.split(': expected ')[0]).toBe(`${expected} (environment variable ${variable})`);
    expect(others).toEqual([]);
  });

  it('of the wrong type is refused from code and file too', () => {
    expect(faultsOf({ maxRooms: '5', origins: 'https://a.example', compression: 1, path: () => '/ws' })).toHaveLength(
      4,
    );
    expect(
      faultsOf({}, inFile('wsc: { node_id: 7, security: { ip_deny: [1, ~] }, limits: { max_rooms: [3] } }')),
    ).toHaveLength(3);
  });
});

describe('a configuration with faults', () => {
  it('names every one, with value, source and what was expected', () => {
    const yaml = 'wsc:\n  path: ws\n  limits:\n    max_conections: 3\n    max_rooms: x\n  securty: {}\n';
    const environment = { ...inFile(yaml), WSC_PORT: '80808', JWT_SECRET: 'short' };
    expect(faultsOf({ maxRoms: 1, clientTimeoutMs: 5 }, environment)).toEqual([
      '"maxRoms": expected an option of WscModule; did you mean maxRooms?',
      '"wsc.limits.max_conections" (FILE:4): expected a setting; did you mean limits.max_connections?',
      '"wsc.securty" (FILE:6): expected a setting; did you mean security?',
      'path is "ws" (FILE:2): expected a path such as /ws or /ws/:tenant.',
      'port is 80808 (environment variable WSC_PORT): expected a whole number from 0 to 65535.',
      'maxRooms is "x" (FILE:5): expected a whole number from 0 to 2147483647.',
      'clientTimeoutMs is 5 (option clientTimeoutMs): expected more than heartbeatIntervalMs (30000), or 0 for never.',
      expect.stringContaining(
        'jwt.secret is (hidden, 5 bytes) (environment variable JWT_SECRET): expected at least 32 bytes',
      ),
    ]);
  });

  it('names those within namespaces and `connect`, too', () => {
    const namespaces = {
      chat: { joinabel: true, maxMembers: 1.5, presence: undefined },
      'chat:x': { joinable: 'yes' },
      team: true,
      ticker: { backpressure: 'latest' },
    };
    expect(faultsOf({ namespaces, connect: { globalGuard: true }, maxRooms: -1 })).toEqual([
      '"connect.globalGuard" (option connect): expected one of globalGuards; did you mean globalGuards?',
      expect.stringMatching(/^"namespaces.chat.joinabel" \(option namespaces.chat\): .*; did you mean joinable\?$/),
      'namespaces.chat.maxMembers is 1.5 (option namespaces.chat.maxMembers): expected a whole number, 0 for no limit of its own.',
      'namespaces."chat:x" (option namespaces): expected a name of 1 to 128 characters of A-Z a-z 0-9 _ . -.',
      'namespaces.chat:x.joinable is "yes" (option namespaces.chat:x.joinable): expected true or false.',
      'namespaces.team is true (option namespaces.team): expected an object.',
      expect.stringMatching(
        /^namespaces.ticker.backpressure is "latest" \(option .*\): expected one of close, drop-oldest, drop-newest, latest-only, catch-up.$/,
      ),
      expect.stringContaining('maxRooms is -1'),
    ]);
    expect(
      faultsOf({
        namespaces: { chat: { joinable: true, maxMembers: 0, backpressure: 'latest-only', policy: {} } },
        connect: {},
      }),
    ).toEqual([]);
  });

  it('is printed once, where Node prints an error with its properties', () => {
    expect(inspect(new WscConfigError([{ what: 'maxRooms', expected: 'a number' }])).match(/maxRooms/g)).toHaveLength(
      1,
    );
  });

  it('never shows a secret', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const faults = [...faultsOf({ jwt: { secret: 'hunter2' } }), ...faultsOf({ jwt: { publicKey: pem } })];
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toMatch(/hunter2|MC4C/);
    expect(JSON.stringify(resolveWscConfig({ jwt: { secret } }, {}).settings)).not.toContain(secret);
  });

  it.each([
    ['is missing', join(folder, 'nowhere.yaml'), 'a file that can be read'],
    ['is a folder', folder, 'a file that can be read'],
  ])('says that the file %s, and who names it', (_, path, expected) => {
    const named = `configFile is ${JSON.stringify(path)}`;
    expect(faultsOf({}, { WSC_CONFIG_FILE: path })).toEqual([
      expect.stringContaining(`${named} (environment variable WSC_CONFIG_FILE): expected ${expected}`),
    ]);
    expect(faultsOf({ configFile: path })).toEqual([expect.stringContaining(`${named} (option configFile): `)]);
  });

  it.each([
    ['', 'the file (FILE:1): expected the key wsc'],
    ['path: /ws', 'the file (FILE:1): expected the key wsc'],
    ['wsc:\n  path: "/ws', 'the text (FILE:2): expected YAML'],
    ['wsc:\n  path: "/ws\n\n', 'the text (FILE:2): expected YAML'],
    ['wsc:\n  origins: [a,\n    b\n', 'the text (FILE:3): expected YAML'],
    ['wsc:\n  path: /a\n  path: /b', 'the text (FILE:3): expected YAML'],
    ['wsc: [path]', 'wsc (FILE:1): expected settings under it'],
    ['wsc:\n  limits: 5', 'wsc.limits (FILE:2): expected settings under it'],
    ['wsc:\n  config_file: other.yaml', '"wsc.config_file" (FILE:2): expected a setting'],
    ['wsc:\n  __proto__: { path: /x }', '"wsc.__proto__" (FILE:2): expected a setting'],
  ])('refuses the file %j', (yaml, expected) => {
    expect(faultsOf({}, inFile(yaml))).toEqual([expect.stringContaining(expected)]);
  });

  it('takes other keys of the file for the application’s, and empty values for absent', () => {
    expect(
      faultsOf({}, inFile('app: { name: x }\nwsc:\n  path:\n  limits:\n  security: { user_types: a, auth: "" }')),
    ).toEqual([]);
  });
});

describe('tokens', () => {
  it('are required as soon as there is something to check them with', () => {
    expect(resolveWscConfig({}, { JWT_SECRET: secret }).hub.auth).toBe('required');
    expect(resolveWscConfig({}, { JWT_JWKS_URL: 'https://id.example/keys' }).hub.auth).toBe('required');
    expect(resolveWscConfig({ authenticator }, {}).hub.auth).toBe('required');
    expect(resolveWscConfig({ auth: 'optional' }, { JWT_SECRET: secret }).hub.auth).toBe('optional');
  });

  it('cannot be required with nothing to check them with', () => {
    expect(faultsOf({ auth: 'required' })).toEqual([
      expect.stringContaining('JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL'),
    ]);
    expect(faultsOf({ auth: 'required', enabled: false })).toEqual([]);
  });

  it('are checked with the key of the strongest source only, issuer and audience being apart', () => {
    const environment = { JWT_JWKS_URL: 'https://id.example/keys', JWT_ISSUER: 'them', JWT_AUDIENCE: 'a, b' };
    expect(resolveWscConfig({ jwt: { secret, issuer: 'us' } }, environment).access.jwt).toMatchObject({
      keys: { secret },
      issuer: ['us'],
      audience: ['a', 'b'],
    });
  });

  it('cannot have two keys from one source', () => {
    expect(faultsOf({}, { JWT_SECRET: secret, JWT_JWKS_URL: 'https://id.example/keys' })).toEqual([
      expect.stringContaining('expected one of jwt.secret, jwt.publicKey and jwt.jwksUrl, not several'),
    ]);
  });

  it('leave JWT_* to the application where an authenticator or nobody checks them', () => {
    expect(resolveWscConfig({ authenticator }, { JWT_SECRET: 'short' }).access.jwt).toBeUndefined();
    expect(resolveWscConfig({}, { JWT_SECRET: 'short', WSC_AUTH: 'none' }).access.jwt).toBeUndefined();
  });

  it('may be checked with a PEM whose line breaks are written as \\n', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString().trim();
    const config = resolveWscConfig({}, { JWT_PUBLIC_KEY: pem.replaceAll('\n', '\\n'), JWT_ALGORITHMS: 'EdDSA' });
    expect(config.access.jwt).toMatchObject({ keys: { publicKey: pem }, algorithms: ['EdDSA'] });
    expect(faultsOf({}, { JWT_PUBLIC_KEY: pem, JWT_ALGORITHMS: 'HS256' })).toEqual([
      expect.stringContaining(
        'jwt.algorithms is ["HS256"] (environment variable JWT_ALGORITHMS): expected algorithms of the key',
      ),
    ]);
    expect(faultsOf({}, { JWT_PUBLIC_KEY: 'no pem' })).toEqual([expect.stringContaining('a key that can be used')]);
  });
});

describe('what must hold between settings', () => {
  it('is that every origin is allowed in production only on purpose', () => {
    const environment = { NODE_ENV: 'production', WSC_ORIGINS: '*' };
    expect(faultsOf({}, environment)).toEqual([expect.stringContaining('WSC_ALLOW_ALL_ORIGINS=true')]);
    expect(faultsOf({}, { ...environment, WSC_ALLOW_ALL_ORIGINS: 'true' })).toEqual([]);
    expect(faultsOf({}, { WSC_ORIGINS: '*' })).toEqual([]);
  });

  it('is that the default protocol is spoken', () => {
    expect(faultsOf({ protocols: ['basic.v1.json'] })).toEqual([
      expect.stringContaining('defaultProtocol is "wsc.v1.json" (default)'),
    ]);
    expect(faultsOf({ protocols: ['basic.v1.json'], defaultProtocol: 'basic.v1.json' })).toEqual([]);
  });

  it('is that TLS options have a port of their own', () => {
    expect(faultsOf({ https: {} })).toEqual([expect.stringContaining('port: expected a port')]);
    expect(faultsOf({ https: {}, port: 0 })).toEqual([]);
  });

  it('is not asked while one of the settings is wrong by itself', () => {
    expect(faultsOf({ heartbeatIntervalMs: -5, clientTimeoutMs: -9 })).toHaveLength(2);
  });
});

describe('a WSC_* variable that nobody reads', () => {
  it('is warned about with what may have been meant, unless it is said to be the application’s', () => {
    const environment = { WSC_MAX_CONECTIONS: '1', WSC_DEMO: '1', 'WSC_\n': '1', OTHER: '1' };
    const { warnings } = resolveWscConfig({ auth: 'none', ownVariables: ['WSC_DEMO'] }, environment);
    expect(warnings).toEqual([
      'The environment variable "WSC_MAX_CONECTIONS" is not a setting; did you mean WSC_MAX_CONNECTIONS?',
      'The environment variable "WSC_\\n" is not a setting.',
    ]);
  });
});

describe('any text in any variable', () => {
  it('is taken or refused by name, and nothing else', () => {
    const variables = settingFields
      .map(({ variable }) => variable)
      .filter((variable) => variable !== 'WSC_CONFIG_FILE');
    const environments = fc.dictionary(
      fc.constantFrom(...variables),
      fc.oneof(fc.string({ unit: 'binary' }), fc.integer().map(String)),
    );
    fc.assert(
      fc.property(environments, (environment) => void faultsOf({}, environment)),
      { numRuns: 300 },
    );
  });
});
