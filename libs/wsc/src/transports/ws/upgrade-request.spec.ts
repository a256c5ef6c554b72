import fc from 'fast-check';
import { HandshakeRefusal } from '../../core/connect/refusal.js';
import { parseSubprotocols } from './subprotocols.js';
import { parseTarget } from './upgrade-request.js';

describe('a request target', () => {
  it.each([
    ['/ws', { path: '/ws', query: '' }],
    ['/ws?a=1?b', { path: '/ws', query: 'a=1?b' }],
    ['/a%2Fb/', { path: '/a%2Fb/', query: '' }],
    ['//evil/ws', { path: '//evil/ws', query: '' }],
    ['http://host:1/ws?a', { path: '/ws', query: 'a' }],
    ['https://host', { path: '/', query: '' }],
    ['http://host?a', { path: '/', query: 'a' }],
  ])('%s is split at its first question mark', (url, target) => {
    expect(parseTarget(url)).toEqual(target);
  });

  it.each([[undefined], ['*'], [''], ['host:443'], ['ftp://host/ws'], ['http:///ws']])('%s has no path', (url) => {
    expect(parseTarget(url)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (url) => void parseTarget(url)));
  });
});

describe('offers of subprotocols', () => {
  it('keep their order', () => {
    expect(parseSubprotocols('bearer.a-b_c.d,  wsc.v1.json\t, device.x')).toEqual([
      'bearer.a-b_c.d',
      'wsc.v1.json',
      'device.x',
    ]);
    expect(parseSubprotocols(undefined)).toEqual([]);
  });

  it('are refused with 400 or are what the header says, whatever it says', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.string({ minLength: 1 })).map((names) => names.join(', ')),
        ),
        (header) => {
          try {
            const offers = parseSubprotocols(header);
            expect(offers.join(',')).toBe(header.replace(/[ \t]/g, ''));
            expect(new Set(offers).size).toBe(offers.length);
          } catch (error) {
            expect(error).toBeInstanceOf(HandshakeRefusal);
            expect(error).toHaveProperty('statusCode', 400);
          }
        },
      ),
    );
  });
});
