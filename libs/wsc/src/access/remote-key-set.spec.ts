import type { KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { exportJWK, type JWK } from 'jose';
import type { MemoryLogger } from '../testing/memory-logger.js';
import { createAuthenticator, handshakeWith, p256, refusalOf, rsa, secret, sign } from './jwt.fixture.js';
import type { RemoteKeySetOptions } from './remote-key-set.js';

describe('keys behind a URL', () => {
  /** An identity provider whose answer can be changed; ends with its test. */
  async function createProvider() {
    let answer: { readonly status: number; readonly body: string } = { status: 200, body: '{"keys":[]}' };
    let requestCount = 0;
    const server = createServer((_request, response) => {
      requestCount += 1;
      response.writeHead(answer.status, answer.status === 302 ? { location: '/other' } : {}).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      url: urlOf(server, '/jwks?key=private'),
      answers(status: number, body: string) {
        answer = { status, body };
      },
      async serves(...keys: readonly { readonly key: KeyObject; readonly kid: string }[]) {
        const jwks = await Promise.all(
          keys.map(async ({ key, kid }): Promise<JWK> => ({ ...(await exportJWK(key)), kid })),
        );
        answer = { status: 200, body: JSON.stringify({ keys: jwks }) };
      },
      get requestCount() {
        return requestCount;
      },
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  const withKeys = (jwks: RemoteKeySetOptions) => createAuthenticator({ keys: { jwks } });
  const oldKey = { key: rsa.publicKey, kid: 'old' };
  const newKey = { key: p256.publicKey, kid: 'new' };
  const byOld = () => sign({}, { key: rsa.privateKey, header: { alg: 'RS256', kid: 'old' } });
  const byNew = () => sign({}, { key: p256.privateKey, header: { alg: 'ES256', kid: 'new' } });

  it('check tokens, and are fetched once for many that come together', async () => {
    await using provider = await createProvider();
    await provider.serves(oldKey, newKey);
    const { authenticator } = withKeys({ url: provider.url });
    const tokens = await Promise.all([byOld(), byNew(), byOld()]);
    const principals = await Promise.all(tokens.map((token) => authenticator.verify(token)));
    expect(principals.map(({ userId }) => userId)).toEqual(['ann', 'ann', 'ann']);
    expect(provider.requestCount).toBe(1);
  });

  it('never check a token by a shared secret', async () => {
    await using provider = await createProvider();
    provider.answers(
      200,
      JSON.stringify({ keys: [{ kty: 'oct', k: Buffer.from(secret).toString('base64url'), kid: 'k' }] }),
    );
    const { authenticator } = withKeys({ url: provider.url });
    await expect(authenticator.verify(await sign({}, { header: { kid: 'k' } }))).rejects.toMatchObject({
      error: 'WSC_UNAUTHORIZED',
    });
  });

  it('are fetched again for an unknown key id, so that keys can rotate', async () => {
    await using provider = await createProvider();
    await provider.serves(oldKey);
    const { authenticator } = withKeys({ url: provider.url, cooldownMs: 0 });
    await authenticator.verify(await byOld());
    await provider.serves(newKey);
    await expect(authenticator.verify(await byNew())).resolves.toMatchObject({ userId: 'ann' });
    await expect(authenticator.verify(await byOld())).rejects.toMatchObject({ error: 'WSC_UNAUTHORIZED' });
  });

  it('are not fetched again for unknown key ids within the cool-down', async () => {
    await using provider = await createProvider();
    await provider.serves(oldKey);
    const { authenticator } = withKeys({ url: provider.url });
    await authenticator.verify(await byOld());
    for (let turn = 0; turn < 5; turn += 1) {
      await expect(authenticator.verify(await byNew())).rejects.toMatchObject({ error: 'WSC_UNAUTHORIZED' });
    }
    expect(provider.requestCount).toBe(1);
  });

  it.each([
    ['an error', 500, 'oops'],
    ['a redirect', 302, ''],
    ['no JSON', 200, '<html>'],
    ['no key set', 200, '{"keys":{}}'],
    ['two megabytes', 200, `{"keys":[],"x":"${'x'.repeat(2_000_000)}"}`],
  ])(
    'that are answered with %s are unavailable, tried again only after a while, and logged',
    async (_case, status, body) => {
      await using provider = await createProvider();
      provider.answers(status, body);
      const { authenticator, clock, logger } = withKeys({ url: provider.url, retryMs: 5_000 });
      const token = await byOld();
      await expect(refusalOf(authenticator.authenticate(handshakeWith({ token })))).resolves.toEqual({
        statusCode: 503,
        message: 'Tokens cannot be checked now.',
        headers: { 'Retry-After': '5' },
      });
      await clock.advance(4_000);
      await expect(authenticator.verify(token)).rejects.toMatchObject({
        error: 'WSC_UNAVAILABLE',
        retryAfterMs: 1_000,
      });
      expect([provider.requestCount, logger.messages('error').length]).toEqual([1, 1]);
      expect(JSON.stringify(logger.lines)).not.toContain('private');
      await provider.serves(oldKey);
      await clock.advance(1_000);
      await expect(authenticator.verify(token)).resolves.toMatchObject({ userId: 'ann' });
    },
  );

  it('that do not answer at all are unavailable after the time-out', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { authenticator } = withKeys({ url: urlOf(server, '/'), timeoutMs: 20 });
    await expect(authenticator.verify(await byOld())).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('go on working while the provider is away, and are fetched again beside that', async () => {
    await using provider = await createProvider();
    await provider.serves(oldKey);
    const { authenticator, clock, logger } = withKeys({ url: provider.url, refreshMs: 10_000 });
    const token = await byOld();
    await authenticator.verify(token);
    provider.answers(500, 'away');
    await clock.advance(10_000);
    await expect(authenticator.verify(token)).resolves.toMatchObject({ userId: 'ann' });
    await expect(authenticator.verify(token)).resolves.toMatchObject({ userId: 'ann' });
    await logged(logger);
    expect([provider.requestCount, logger.messages('error').length]).toEqual([2, 1]);
  });

  it('are forgotten when they are older than allowed', async () => {
    await using provider = await createProvider();
    await provider.serves(oldKey);
    const { authenticator } = withKeys({ url: provider.url, maxAgeMs: 0 });
    await authenticator.verify(await byOld());
    provider.answers(500, 'away');
    await expect(authenticator.verify(await byOld())).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
  });

  function urlOf(server: Server, path: string): string {
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server does not listen.');
    return `http://127.0.0.1:${address.port}${path}`;
  }

  /** Until the fetch beside it has failed. */
  async function logged(logger: MemoryLogger): Promise<void> {
    for (let turn = 0; turn < 100_000 && logger.lines.length === 0; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
