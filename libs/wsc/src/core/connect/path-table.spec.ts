import fc from 'fast-check';
import { PathTable } from './path-table.js';

function tableOf(...patterns: string[]): PathTable {
  const table = new PathTable();
  for (const pattern of patterns) table.add({ pattern });
  return table;
}

describe('the path table', () => {
  it.each(['/ws', '/ws/'])('finds /ws for %s', (path) => {
    expect(tableOf('/ws').match(path)).toMatchObject({ endpoint: { pattern: '/ws' } });
  });

  it.each(['', '/', 'ws', '/WS', '/ws//', '//ws', '/ws/x', '/w%73', '/wss', '/__proto__'])(
    'finds nothing for %p',
    (path) => {
      expect(tableOf('/ws').match(path)).toBeUndefined();
    },
  );

  it('takes / as a path of its own', () => {
    const table = tableOf('/');
    expect(table.match('/')).toMatchObject({ endpoint: { pattern: '/' } });
    expect(table.match('//')).toBeUndefined();
    expect(table.match('')).toBeUndefined();
  });

  it('reads parameters, decoded', () => {
    const found = tableOf('/v/:tenant/ws/:room_1').match('/v/a%20b/ws/%C3%BC');
    expect({ ...found?.params }).toEqual({ tenant: 'a b', room_1: 'ü' });
  });

  it.each(['/v/%', '/v/%ff', '/v/', '/v//', `/v/${'a'.repeat(129)}`])(
    'finds nothing for a parameter that is none: %p',
    (path) => {
      expect(tableOf('/v/:id').match(path)).toBeUndefined();
    },
  );

  it('keeps parameters without a prototype, so that no name is special', () => {
    const params = tableOf('/:__proto__/:constructor').match('/a/b')?.params;
    expect(Object.getPrototypeOf(params)).toBeNull();
    expect(Object.entries(params ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it('prefers fixed text to a parameter, whichever was added first', () => {
    const table = tableOf('/:any/:thing', '/:any/ws', '/v/:thing', '/v/ws');
    const found = ['/v/ws', '/v/x', '/x/ws', '/x/y'].map((path) => table.match(path)?.endpoint.pattern);
    expect(found).toEqual(['/v/ws', '/v/:thing', '/:any/ws', '/:any/:thing']);
  });

  it('answers the first endpoint when a pattern is added again', () => {
    const table = new PathTable();
    const first = table.add({ pattern: '/ws', defaultProtocol: 'basic.v1.json' });
    expect(table.add({ pattern: '/ws/' })).toBe(first);
    expect(table.match('/ws')?.endpoint).toBe(first);
    expect(table.patterns).toEqual(['/ws']);
  });

  it('refuses patterns that match the same paths under other names', () => {
    expect(() => tableOf('/v/:a', '/v/:b')).toThrow('"/v/:a" and "/v/:b" match the same paths');
  });

  it.each([
    ['', 'start with "/"'],
    ['ws', 'start with "/"'],
    ['/ws//x', 'empty segment'],
    ['//', 'empty segment'],
    ['/ws?x=1', 'not allowed'],
    ['/a b', 'not allowed'],
    ['/a%20b', 'not allowed'],
    ['/:', 'no parameter'],
    ['/:1a', 'no parameter'],
    ['/:a-b', 'no parameter'],
    ['/:a/:a', 'twice'],
  ])('refuses the pattern %p', (pattern, why) => {
    expect(() => tableOf(pattern)).toThrow(why);
  });

  it('gives back any value that was put into a path', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' }), (value) => {
        fc.pre(value.length <= 128);
        expect(tableOf('/v/:id/ws').match(`/v/${encodeURIComponent(value)}/ws`)?.params['id']).toBe(value);
      }),
    );
  });

  it('never throws for a path from outside', () => {
    const table = tableOf('/', '/ws', '/v/:id', '/:a/:b/:c');
    const parts = fc.array(fc.oneof(fc.string(), fc.constantFrom('v', 'ws', '', '%', '%00', '..')));
    fc.assert(fc.property(parts, (path) => expect(() => table.match(`/${path.join('/')}`)).not.toThrow()));
  });
});
