import { resolveOffer, type Offer, type OfferOptions } from './credentials.js';
import type { HandshakeRequest } from './handshake.js';
import { HandshakeRefusal } from './refusal.js';

interface Asked {
  readonly headers?: HandshakeRequest['headers'];
  readonly query?: string;
  readonly offers?: readonly string[];
}

const protocols = ['wsc.v1.json', 'ginforge.v1.json'];
const everywhere: OfferOptions = { tokenInQuery: true, cookieName: 'access', protocols };

function resolve(asked: Asked, options: OfferOptions = everywhere): Offer {
  const request: HandshakeRequest = {
    path: '/ws',
    query: new URLSearchParams(asked.query),
    headers: asked.headers ?? {},
    peerAddress: '127.0.0.1',
    offeredProtocols: asked.offers ?? [],
    isUpgrade: true,
    raw: undefined,
  };
  return resolveOffer(request, options);
}

function refusalOf(asked: Asked, options?: OfferOptions): HandshakeRefusal {
  try {
    resolve(asked, options);
  } catch (error) {
    if (error instanceof HandshakeRefusal) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

const header = { authorization: 'Bearer from-header' };
const cookie = { cookie: 'other=1; access=from-cookie; access=second' };
const bearer = ['bearer.from-offer', 'wsc.v1.json'];

describe('the credential of a handshake', () => {
  it.each([
    [
      'the header',
      { headers: { ...header, ...cookie }, offers: bearer, query: 'connect_token=c&token=q' },
      'from-header',
    ],
    ['the subprotocol', { headers: cookie, offers: bearer, query: 'connect_token=c&token=q' }, 'from-offer'],
    ['the cookie', { headers: cookie, query: 'connect_token=c&token=q' }, 'from-cookie'],
    ['the query', { query: 'token=q' }, 'q'],
  ])('is taken from %s before what comes after it', (_where, asked, token) => {
    expect(resolve(asked)).toMatchObject({ token, connectToken: undefined });
  });

  it('is the connect token before a token of the query', () => {
    expect(resolve({ query: 'connect_token=c&token=q' })).toMatchObject({ token: undefined, connectToken: 'c' });
  });

  it('is not taken from cookies and query tokens unless they are allowed', () => {
    const options = { tokenInQuery: false, protocols };
    expect(resolve({ headers: cookie, query: 'token=q' }, options)).toMatchObject({
      token: undefined,
      connectToken: undefined,
    });
  });

  it.each<[string, Asked]>([
    ['another scheme', { headers: { authorization: 'Basic dTpw' } }],
    ['a word that begins like Bearer', { headers: { authorization: 'BearerX y' } }],
    ['an empty cookie', { headers: { cookie: 'access=' } }],
    ['a cookie of another name', { headers: { cookie: 'xaccess=t; access2=t; access' } }],
    ['empty parameters', { query: 'connect_token=&token=' }],
  ])('is absent with %s', (_case, asked) => {
    expect(resolve(asked)).toMatchObject({ token: undefined, connectToken: undefined });
  });

  it('is read whatever the case of the scheme', () => {
    expect(resolve({ headers: { authorization: 'bEaReR  a.b.c' } }).token).toBe('a.b.c');
  });

  it.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer ä'])(
    'is refused with 401 for the header "%s"',
    (authorization) => {
      expect(refusalOf({ headers: { authorization } }).body).toEqual({
        statusCode: 401,
        error: 'Unauthorized',
        message: 'The token is not valid.',
      });
    },
  );

  it.each(['token=a&token=b', 'connect_token=a&connect_token=a', 'device_id=a&device_id=b'])(
    'is refused with 400 for the ambiguous query "%s"',
    (query) => {
      expect(refusalOf({ query }).statusCode).toBe(400);
    },
  );
});

describe('the subprotocol of a handshake', () => {
  it('is the first of the client that the server speaks', () => {
    expect(resolve({ offers: ['graphql-ws', 'ginforge.v1.json', 'wsc.v1.json'] }).protocol).toBe('ginforge.v1.json');
  });

  it('is undefined when none is offered', () => {
    expect(resolve({})).toEqual({
      token: undefined,
      connectToken: undefined,
      deviceId: undefined,
      protocol: undefined,
      wantsResume: false,
    });
  });

  it('is never a token, a device or a flag, even where the server would speak it', () => {
    const asked = { offers: ['bearer.t', 'device.phone', 'resume.v1', 'wsc.v1.json'] };
    expect(resolve(asked)).toMatchObject({ token: 't', deviceId: 'phone', protocol: 'wsc.v1.json', wantsResume: true });
  });

  it.each([[['bearer.t']], [['device.d']], [['resume.v1']], [['graphql-ws']], [['bearer.t', 'graphql-ws']]])(
    'is asked for when only %j are offered, naming what is spoken',
    (offers) => {
      expect(refusalOf({ offers }).body).toMatchObject({
        statusCode: 400,
        message: 'Offer one of these subprotocols: wsc.v1.json, ginforge.v1.json.',
      });
    },
  );

  it.each([
    ['twice the same', ['wsc.v1.json', 'wsc.v1.json']],
    ['two tokens', ['wsc.v1.json', 'bearer.a', 'bearer.b']],
    ['two devices', ['wsc.v1.json', 'device.a', 'device.b']],
    ['an empty token', ['wsc.v1.json', 'bearer.']],
    ['an empty one', ['wsc.v1.json', '']],
    ['one with a space', ['wsc.v1.json', 'a b']],
    ['one with a quote', ['wsc.v1.json', 'a"b']],
    ['seventeen', ['wsc.v1.json', ...Array.from({ length: 16 }, (_, index) => `p${index}`)]],
    ['a long one', ['wsc.v1.json', 'p'.repeat(129)]],
    ['a token over 8 KiB', ['wsc.v1.json', `bearer.${'t'.repeat(8 * 1024 + 1)}`]],
  ])('is refused with 400 when %s is offered, without echoing it', (_case, offers) => {
    const { statusCode, message } = refusalOf({ offers });
    expect(statusCode).toBe(400);
    expect(message.length).toBeLessThan(80);
  });

  it('may stand beside a token of exactly 8 KiB', () => {
    const token = 't'.repeat(8 * 1024);
    expect(resolve({ offers: ['wsc.v1.json', `bearer.${token}`] }).token).toBe(token);
  });
});

describe('the device of a handshake', () => {
  it('is read from the query or the subprotocol', () => {
    expect(resolve({ query: 'device_id=phone:1' }).deviceId).toBe('phone:1');
    expect(resolve({ offers: ['device.tablet', 'wsc.v1.json'] }).deviceId).toBe('tablet');
  });

  it('may be named twice when both agree, and is refused when not', () => {
    const offers = ['device.a', 'wsc.v1.json'];
    expect(resolve({ offers, query: 'device_id=a' }).deviceId).toBe('a');
    expect(refusalOf({ offers, query: 'device_id=b' }).statusCode).toBe(400);
  });

  it.each(['', 'a b', 'a/b', 'é', 'x'.repeat(129)])('is refused with 400 when it is "%s"', (deviceId) => {
    const query = new URLSearchParams({ device_id: deviceId }).toString();
    expect(refusalOf({ query }).statusCode).toBe(400);
  });
});
