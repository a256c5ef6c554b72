import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, SignJWT, UnsecuredJWT, type JWTHeaderParameters } from 'jose';
import { GatewayProcess } from './support/gateway-process.js';
import { webSocketUrl } from './support/gateway-users.js';
import { refusal, WscClient } from './support/wsc-client.js';

// Each start of a gateway takes many seconds on a busy machine.
jest.setTimeout(60_000);

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicPem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const now = Math.floor(Date.now() / 1000);
const claims = { sub: 'ann', iss: 'https://issuer.test', aud: 'gateway', iat: now, exp: now + 3600 } as const;

interface Forgery {
  /** `undefined` leaves one out; of other kinds than RFC 7519 says, too. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Partial<JWTHeaderParameters>;
  readonly key?: KeyObject;
}

/** A good token, but for what is replaced. */
const sign = ({ claims: changed = {}, header = {}, key = keys.privateKey }: Forgery = {}): Promise<string> =>
  new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);

/** A token whose parts are taken as they are, signed by HMAC. */
function signByHand(header: object, payload: object, secret: string): string {
  const text = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

async function withoutSignature(): Promise<string> {
  return `${(await sign()).split('.').slice(0, 2).join('.')}.`;
}

/** The claims of somebody else behind the signature of a good token. */
async function withOtherClaims(): Promise<string> {
  const [header, , signature] = (await sign()).split('.');
  return [header, Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url'), signature].join('.');
}

describe('a gateway with a public key', () => {
  let gateway: GatewayProcess;
  // Where a token says that its key is; nobody must ask there.
  let askedCount = 0;
  const keyServer = createServer((_, response) => {
    askedCount += 1;
    void exportJWK(foreign.publicKey).then((jwk) => response.end(JSON.stringify({ keys: [{ ...jwk, kid: 'k' }] })));
  });
  const keyUrl = (): string => {
    const address = keyServer.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/jwks.json`;
  };

  const connect = async (token: string) =>
    WscClient.connect(webSocketUrl(gateway), { headers: { Authorization: `Bearer ${token}` } });

  beforeAll(async () => {
    await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
    gateway = await GatewayProcess.start({
      JWT_PUBLIC_KEY: publicPem,
      JWT_ISSUER: claims.iss,
      JWT_AUDIENCE: claims.aud,
      WSC_TOKEN_IN_QUERY: 'true',
    });
  });

  afterEach(async () => {
    await using client = await connect(await sign());
    expect(await client.request('echo', 'still here')).toMatchObject({ data: 'still here' });
  });

  afterAll(async () => {
    expect(askedCount).toBe(0);
    await gateway.stop('SIGKILL');
    await new Promise((resolve) => keyServer.close(resolve));
  });

  const tokens: readonly (readonly [string, () => Promise<string>])[] = [
    ['of alg "none"', async () => new UnsecuredJWT(claims).encode()],
    ['without a signature', withoutSignature],
    ['with the claims of somebody else', withOtherClaims],
    ['signed by HMAC with the public key', async () => signByHand({ alg: 'HS256' }, claims, publicPem)],
    ['signed with another key', () => sign({ key: foreign.privateKey })],
    [
      'that brings its own key',
      async () => sign({ key: foreign.privateKey, header: { jwk: await exportJWK(foreign.publicKey) } }),
    ],
    ['that says where its key is', () => sign({ key: foreign.privateKey, header: { jku: keyUrl(), kid: 'k' } })],
    ['that says where its certificate is', () => sign({ key: foreign.privateKey, header: { x5u: keyUrl() } })],
    ['with a key id that is a path', () => sign({ key: foreign.privateKey, header: { kid: '../../dev/null' } })],
    ['that demands an extension', async () => signByHand({ alg: 'ES256', crit: ['x'], x: 1 }, claims, publicPem)],
    ['of another audience', () => sign({ claims: { aud: 'elsewhere' } })],
    ['of no audience', () => sign({ claims: { aud: undefined } })],
    ['of another issuer', () => sign({ claims: { iss: 'https://issuer.test.evil' } })],
    ['of no issuer', () => sign({ claims: { iss: undefined } })],
    ['that is not valid yet', () => sign({ claims: { nbf: now + 600 } })],
    ['that has expired', () => sign({ claims: { exp: now - 1 } })],
    ['that never expires', () => sign({ claims: { exp: undefined } })],
    ['that expires at a word', () => sign({ claims: { exp: 'never' } })],
    ['without a subject', () => sign({ claims: { sub: undefined } })],
    ['whose subject is a number', () => sign({ claims: { sub: 7 } })],
    ['whose subject is a list', () => sign({ claims: { sub: ['ann'] } })],
    ['whose subject is empty', () => sign({ claims: { sub: '' } })],
    ['whose subject has a line break', () => sign({ claims: { sub: 'ann\nadmin' } })],
    ['whose subject is too long', () => sign({ claims: { sub: 'x'.repeat(129) } })],
    ['that is encrypted', async () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aaaa.bbbb.cccc'],
    ['that is no token', async () => '....'],
  ];

  it.each(tokens)('refuses a token %s with 401, wherever it stands', async (_, forge) => {
    const token = await forge();
    const places = [
      { headers: { Authorization: `Bearer ${token}` } },
      { protocols: ['wsc.v1.json', `bearer.${token}`] },
      { query: `?token=${encodeURIComponent(token)}` },
      { query: `?connect_token=${encodeURIComponent(token)}` },
    ];
    for (const { query = '', ...options } of places) {
      const { status, body } = await refusal(webSocketUrl(gateway) + query, options);
      expect(status).toBe(401);
      // Why exactly is nobody's business but the log's.
      expect(body['message']).toMatch(/^(The token (is not valid|has expired)|The connect token is not valid)\.$/);
    }
  });

  it.each(tokens)('refuses a token %s in refresh_token', async (_, forge) => {
    await using client = await connect(await sign());
    expect(await client.request('refresh_token', { token: await forge() })).toMatchObject({
      error: 'WSC_UNAUTHORIZED',
    });
  });

  it('answers a token of 100 KB before it is read', async () => {
    const token = await sign({ claims: { padding: 'x'.repeat(100_000) } });
    expect(await refusal(webSocketUrl(gateway), { headers: { Authorization: `Bearer ${token}` } })).toMatchObject({
      status: 431,
    });
  });

  it('does not make a bad token good by a good one elsewhere', async () => {
    const good = await sign();
    const answer = await refusal(webSocketUrl(gateway), {
      headers: { Authorization: 'Bearer a.b.c' },
      protocols: ['wsc.v1.json', `bearer.${good}`],
    });
    expect(answer.status).toBe(401);
  });

  it('ends a connection with 4501 whose new token is of somebody else', async () => {
    await using client = await connect(await sign());
    expect(await client.request('refresh_token', { token: await sign({ claims: { sub: 'bob' } }) })).toMatchObject({
      error: 'WSC_UNAUTHORIZED',
    });
    expect((await client.closed).code).toBe(4501);
  });

  it('ends a connection with 4001 when its token expires', async () => {
    // Long enough to connect with on a busy machine.
    await using client = await connect(await sign({ claims: { exp: Math.floor(Date.now() / 1000) + 5 } }));
    expect((await client.closed).code).toBe(4001);
  });
});
