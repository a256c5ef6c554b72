import { createHmac, generateKeyPairSync } from 'node:crypto';
import { WscError } from '@nest-wsc/protocol';
import { exportJWK } from 'jose';
import {
  createAuthenticator,
  edwards,
  encode,
  forge,
  handshakeWith,
  now,
  otherRsa,
  p256,
  p384,
  pemOf,
  refusalOf,
  rsa,
  secret,
  sign,
  signAnything,
  soon,
} from './jwt.fixture.js';

const invalid = { statusCode: 401, message: 'The token is not valid.', headers: { 'WWW-Authenticate': 'Bearer' } };

describe('a good token', () => {
  it('makes a principal of its claims', async () => {
    const { authenticator } = createAuthenticator();
    const token = await sign({ name: ' Ann\u0000 \u202eB. ', user_type: 'agent', jti: 'x1', team: 7 });
    await expect(authenticator.authenticate(handshakeWith({ token }))).resolves.toEqual({
      userId: 'ann',
      name: 'Ann B.',
      userType: 'agent',
      claims: expect.objectContaining({ team: 7 }),
      tokenId: 'jti:x1',
      expiresAt: soon * 1000,
    });
  });

  it('may name user, type and name by other claims', async () => {
    const { authenticator } = createAuthenticator({
      userIdFrom: (claims) => `auth0|${String(claims['uid'])}`,
      userTypeClaim: 'https://example.com/type',
      nameClaim: 'nick',
    });
    const token = await sign({ sub: 5, uid: 7, 'https://example.com/type': 'admin', nick: 'A', name: 'B' });
    await expect(authenticator.verify(token)).resolves.toMatchObject({
      userId: 'auth0|7',
      userType: 'admin',
      name: 'A',
    });
  });

  it.each([
    ['HS512', { secret }, Buffer.from(secret)],
    ['RS256', { publicKey: pemOf(rsa.publicKey) }, rsa.privateKey],
    ['PS384', { publicKey: pemOf(rsa.publicKey) }, rsa.privateKey],
    ['ES256', { publicKey: pemOf(p256.publicKey) }, p256.privateKey],
    ['ES384', { publicKey: pemOf(p384.publicKey) }, p384.privateKey],
    ['EdDSA', { publicKey: pemOf(edwards.publicKey) }, edwards.privateKey],
  ])('may be signed by %s', async (alg, keys, key) => {
    const { authenticator } = createAuthenticator({ keys });
    await expect(authenticator.verify(await sign({}, { key, header: { alg } }))).resolves.toMatchObject({
      userId: 'ann',
    });
  });

  it('may be for one of several audiences and from one of several issuers', async () => {
    const { authenticator } = createAuthenticator({
      issuer: ['https://a.example', 'https://b.example'],
      audience: 'ws',
    });
    const token = await sign({ iss: 'https://b.example', aud: ['api', 'ws'] });
    await expect(authenticator.verify(token)).resolves.toMatchObject({ userId: 'ann' });
  });

  it('may begin as far ahead as clocks differ, and is good until its end', async () => {
    const { authenticator, clock } = createAuthenticator();
    const token = await sign({ nbf: now + 5 });
    await expect(authenticator.verify(token)).resolves.toMatchObject({ userId: 'ann' });
    await clock.advance(59_999);
    await expect(authenticator.verify(token)).resolves.toMatchObject({ userId: 'ann' });
    await clock.advance(1);
    await expect(refusalOf(authenticator.authenticate(handshakeWith({ token })))).resolves.toMatchObject({
      statusCode: 401,
      message: 'The token has expired.',
    });
  });

  it('without a jti is named by what was signed, however its signature is written', async () => {
    const { authenticator } = createAuthenticator({ keys: { publicKey: pemOf(p256.publicKey) } });
    const signing = { key: p256.privateKey, header: { alg: 'ES256' } };
    const [first, second, other] = await Promise.all([sign({}, signing), sign({}, signing), sign({ iat: 1 }, signing)]);
    expect(first).not.toBe(second);
    const [firstId, secondId, otherId] = await Promise.all(
      [first, second, other].map(async (token) => (await authenticator.verify(token)).tokenId),
    );
    expect(firstId).toMatch(/^sha256:[\w-]{43}$/);
    expect(secondId).toBe(firstId);
    expect(otherId).not.toBe(firstId);
  });

  it('with a long jti or one that is no string has a short name all the same', async () => {
    const { authenticator } = createAuthenticator();
    const nameFor = async (jti: unknown) => (await authenticator.verify(await sign({ jti }))).tokenId;
    await expect(nameFor('j'.repeat(1_000))).resolves.toMatch(/^jti-sha256:[\w-]{43}$/);
    await expect(nameFor(['a'])).resolves.toMatch(/^sha256:/);
    await expect(nameFor('')).resolves.toMatch(/^sha256:/);
  });

  it('has no end that a date could not hold', async () => {
    const { authenticator } = createAuthenticator();
    await expect(authenticator.verify(await sign({ exp: 1e300 }))).resolves.toMatchObject({ expiresAt: 8.64e15 });
  });
});

describe('a bad token', () => {
  const publicPem = pemOf(rsa.publicKey);
  const claims = { sub: 'ann', exp: soon, iss: 'https://issuer.example', aud: 'ws' };
  const expected = { issuer: 'https://issuer.example', audience: 'ws' };
  const rs256 = { key: rsa.privateKey, header: { alg: 'RS256' } };
  const attackerJwk = async () => ({ ...(await exportJWK(otherRsa.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' });

  const attacks: Record<string, () => string | Promise<string>> = {
    'of alg none': () => forge({ alg: 'none' }, claims),
    'of alg None with a signature': () => forge({ alg: 'None' }, claims, publicPem),
    'of HS256 signed with the public key': () => forge({ alg: 'HS256', typ: 'JWT' }, claims, publicPem),
    'of HS256 signed with an empty secret': () => forge({ alg: 'HS256' }, claims, ''),
    'signed by another key': () => sign(claims, { ...rs256, key: otherRsa.privateKey }),
    'with its own key embedded as jwk': async () =>
      sign(claims, { key: otherRsa.privateKey, header: { alg: 'RS256', jwk: await attackerJwk() } }),
    'with its own keys behind jku': () =>
      sign(claims, { key: otherRsa.privateKey, header: { alg: 'RS256', jku: 'http://127.0.0.1:1/jwks', kid: 'k' } }),
    'with its own certificate behind x5u': () =>
      sign(claims, { key: otherRsa.privateKey, header: { alg: 'RS256', x5u: 'http://127.0.0.1:1/cert' } }),
    'with an unknown critical header': () => signAnything({ alg: 'RS256', crit: ['x'], x: true }, claims),
    'for another audience': () => sign({ ...claims, aud: 'api' }, rs256),
    'without audience': () => sign({ ...claims, aud: undefined }, rs256),
    'from another issuer': () => sign({ ...claims, iss: 'https://issuer.example.evil.io' }, rs256),
    'without issuer': () => sign({ ...claims, iss: undefined }, rs256),
    'that begins later': () => sign({ ...claims, nbf: now + 6 }, rs256),
    'without end': () => sign({ ...claims, exp: undefined }, rs256),
    'whose end is a string': () => signAnything({ alg: 'RS256' }, { ...claims, exp: String(soon) }),
    'without sub': () => sign({ ...claims, sub: undefined }, rs256),
    'whose sub is a number': () => sign({ ...claims, sub: 42 }, rs256),
    'whose sub is a list': () => sign({ ...claims, sub: ['ann'] }, rs256),
    'whose sub is empty': () => sign({ ...claims, sub: '' }, rs256),
    'whose sub has a space': () => sign({ ...claims, sub: 'an n' }, rs256),
    'whose sub is too long': () => sign({ ...claims, sub: 'a'.repeat(129) }, rs256),
    'whose user type is an object': () => sign({ ...claims, user_type: { admin: true } }, rs256),
    'whose user type is no name': () => sign({ ...claims, user_type: 'super admin' }, rs256),
    'of 100 KB': () => sign({ ...claims, fill: 'x'.repeat(100_000) }, rs256),
    'of a signature cut off': async () => (await sign(claims, rs256)).slice(0, -8),
    'with its claims changed': async () => {
      const [header, , signature] = (await sign(claims, rs256)).split('.');
      return [header, encode({ ...claims, sub: 'admin' }), signature].join('.');
    },
    'that is encrypted': () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..a.b.c',
    'that is empty': () => '',
    'that is no token': () => 'ä\u0000.{}.__proto__',
    'of dots': () => '.'.repeat(8_000),
  };

  it.each(Object.entries(attacks))('%s is refused, with the same words and nothing more', async (_case, make) => {
    const { authenticator, logger } = createAuthenticator({ keys: { publicKey: publicPem }, ...expected });
    const token = await make();
    await expect(refusalOf(authenticator.authenticate(handshakeWith({ token })))).resolves.toEqual(invalid);
    await expect(authenticator.verify(token)).rejects.toMatchObject({
      error: 'WSC_UNAUTHORIZED',
      message: invalid.message,
    });
    expect(logger.lines).toEqual([]);
  });

  it('is what the attacks are, because the same claims are accepted when they are signed well', async () => {
    const { authenticator } = createAuthenticator({ keys: { publicKey: publicPem }, ...expected });
    for (const token of [await sign(claims, rs256), signAnything({ alg: 'RS256' }, claims)]) {
      await expect(authenticator.verify(token)).resolves.toMatchObject({ userId: 'ann' });
    }
  });

  it('that is expired does not say so unless its signature is good', async () => {
    const { authenticator } = createAuthenticator();
    const expired = { exp: now - 60 };
    await expect(authenticator.verify(await sign(expired))).rejects.toMatchObject({
      message: 'The token has expired.',
    });
    const forged = sign(expired, { key: Buffer.from('another secret of thirty-two bytes!!') });
    await expect(authenticator.verify(await forged)).rejects.toMatchObject({ message: 'The token is not valid.' });
  });

  it('whose end is beyond all numbers is refused', async () => {
    const { authenticator } = createAuthenticator();
    const input = `${encode({ alg: 'HS256' })}.${Buffer.from('{"sub":"ann","exp":1e999}').toString('base64url')}`;
    const token = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    await expect(authenticator.verify(token)).rejects.toMatchObject({ error: 'WSC_UNAUTHORIZED' });
  });

  it('cannot borrow the id of a good one', async () => {
    const { authenticator } = createAuthenticator();
    const token = await sign({ jti: 'victim' });
    const forged = forge({ alg: 'HS256' }, { sub: 'ann', exp: soon, jti: 'victim' }, 'guess');
    const { tokenId } = await authenticator.verify(token);
    expect(tokenId).toBe('jti:victim');
    await expect(authenticator.verify(forged)).rejects.toMatchObject({ error: 'WSC_UNAUTHORIZED' });
  });
});

describe('a handshake', () => {
  it('without a credential has no principal', async () => {
    await expect(createAuthenticator().authenticator.authenticate(handshakeWith({}))).resolves.toBeUndefined();
  });
});

describe('a key that cannot be used', () => {
  it.each([
    ['an empty secret', { secret: '' }, 'Expected the JWT secret not to be empty.'],
    ['a public key as the secret', { secret: pemOf(rsa.publicKey) }, 'Give it as the public key instead.'],
    ['a private key', { publicKey: pemOf(rsa.privateKey) }, 'give it the public one.'],
    ['no PEM', { publicKey: 'abc' }, 'Expected the JWT public key to be a PEM'],
    [
      'a short RSA key',
      { publicKey: pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey) },
      'got rsa 1024 bits.',
    ],
    [
      'another curve',
      { publicKey: pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey) },
      'got ec secp256k1.',
    ],
    ['a URL of a file', { jwks: { url: 'file:///etc/passwd' } }, 'Expected the JWKS URL to be an http or https URL'],
  ])('is refused at once: %s', (_case, keys, message) => {
    expect(() => createAuthenticator({ keys })).toThrow(message);
  });

  it('is one for other algorithms than those that are wanted', () => {
    expect(() => createAuthenticator({ algorithms: ['HS256', 'RS256'] })).toThrow('(HS256, HS384, HS512), got "RS256"');
    expect(() => createAuthenticator({ algorithms: ['none'] })).toThrow('got "none"');
  });

  it('leaves tokens of its other algorithms out when fewer are wanted', async () => {
    const { authenticator } = createAuthenticator({ algorithms: ['HS512'] });
    await expect(authenticator.verify(await sign())).rejects.toBeInstanceOf(WscError);
  });

  it('is warned about when it is a short secret', () => {
    expect(createAuthenticator({ keys: { secret: 'short' } }).logger.messages('warn')).toHaveLength(1);
    expect(createAuthenticator().logger.lines).toEqual([]);
  });
});
