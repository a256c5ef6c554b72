import * as fc from 'fast-check';
import {
  ClusterChannels,
  clusterBatchHead,
  clusterLimits,
  clusterPartitionCount,
  decodeClusterBatch,
  encodeClusterBatch,
  encodeClusterMessage,
  findClusterMessageFault,
  findMessageFault,
  partitionOf,
  type ClusterMessage,
} from './index.js';

// JSON does not keep -0; data that is left out comes back as undefined.
const json = fc.jsonValue({ maxDepth: 6 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
const name = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,128}$/);
const text = fc.string({ unit: 'binary', maxLength: 60 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const message = fc
  .record({
    id: fc.string({ minLength: 1, maxLength: 64 }),
    event: name,
    data: optional(json),
    from: optional(text),
    fromName: optional(text),
    room: optional(name),
    to: optional(text),
    priority: fc.constantFrom('normal', 'high'),
    key: optional(fc.constantFrom('price', 'user ann')),
    timestamp: fc.maxSafeNat(),
  })
  .chain((fields) => fc.nat().map((attempt) => (attempt % 2 === 0 ? fields : { ...fields, ack: { attempt } })));

const metadata = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()));
const audience = fc.record(
  { userTypes: fc.array(text), rooms: fc.array(name), metadata },
  { requiredKeys: [] },
) as fc.Arbitrary<NonNullable<ClusterMessage['audience']>>;

const position = fc.record({ offset: fc.maxSafeNat(), epoch: text });

const clusterMessage = fc.record(
  { message, exceptConnectionId: text, ackTo: text, audience, position },
  { requiredKeys: ['message'] },
) as fc.Arbitrary<ClusterMessage>;

const batchOf = (messages: readonly ClusterMessage[], from?: string) =>
  encodeClusterBatch(clusterBatchHead(from), messages.map(encodeClusterMessage));

describe('a batch between nodes', () => {
  it('is read as it was written, as text and as bytes', () => {
    fc.assert(
      fc.property(fc.array(clusterMessage, { maxLength: 5 }), optional(text), (messages, from) => {
        const payload = batchOf(messages, from);
        const expected = { from, messages, faults: [] };
        expect(decodeClusterBatch(payload)).toEqual(expected);
        expect(decodeClusterBatch(new TextEncoder().encode(payload))).toEqual(expected);
      }),
    );
  });

  it('starts with the head of its publisher, and with that of no other', () => {
    expect(batchOf([], 'node.1').startsWith(clusterBatchHead('node.1'))).toBe(true);
    expect(batchOf([], 'node.10').startsWith(clusterBatchHead('node.1'))).toBe(false);
    expect(batchOf([]).startsWith(clusterBatchHead('node.1'))).toBe(false);
  });

  it('keeps a key named __proto__ a key', () => {
    const payload = '{"v":1,"m":[{"id":"1","event":"e","timestamp":1,"audience":{"metadata":{"__proto__":"x"}}}]}';
    const [read] = decodeClusterBatch(payload).messages;
    expect(Object.entries(read?.audience?.metadata ?? {})).toEqual([['__proto__', 'x']]);
  });
});

describe('what is no batch', () => {
  const good = { id: '1', event: 'note', timestamp: 1 };
  const near = { v: 1, m: [good] };
  const variation = fc
    .tuple(
      fc.constantFrom('v', 'from', 'm'),
      fc.constantFrom(
        'id',
        'event',
        'from',
        'room',
        'priority',
        'key',
        'ack',
        'timestamp',
        'except',
        'audience',
        'offset',
      ),
      fc.jsonValue(),
    )
    .map(([outer, inner, value]) => [
      { ...near, [outer]: value },
      { ...near, m: [{ ...good, [inner]: value }, good] },
    ])
    .map((variants) => variants.map((variant) => JSON.stringify(variant)));
  const garbage = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.uint8Array());

  it('never makes the decoder throw, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          garbage.map((payload) => [payload]),
          variation,
        ),
        (payloads) => {
          for (const payload of payloads) expect(decodeClusterBatch(payload)).toHaveProperty('messages');
        },
      ),
      { numRuns: 1000 },
    );
    expect(Object.keys(Object.prototype)).toStrictEqual([]);
  });

  it.each([
    ['of a later version', { ...near, v: 2 }],
    ['without a list', { v: 1 }],
    ['from no text', { ...near, from: {} }],
    ['with too many messages', { v: 1, m: Array.from({ length: clusterLimits.maxBatchMessages + 1 }, () => good) }],
  ])('is refused as a whole: %s', (_, batch) => {
    const { messages, faults } = decodeClusterBatch(JSON.stringify(batch));
    expect(messages).toEqual([]);
    expect(faults).toHaveLength(1);
  });

  it.each([
    ['no object', 1],
    ['without an id', { ...good, id: '' }],
    ['with an event that is no name', { ...good, event: 'a b' }],
    ['without a time', { id: '1', event: 'note' }],
    ['with a number out of range', '1e999'],
    ['that nests too deep', { ...good, data: nested(200) }],
    ['with a text that is too long', { ...good, from: 'x'.repeat(2_000) }],
    ['with metadata of objects', { ...good, audience: { metadata: { a: {} } } }],
  ])('loses one message and keeps the others: %s', (_, bad) => {
    const written = bad === '1e999' ? '{"id":"1","event":"note","timestamp":1,"data":1e999}' : JSON.stringify(bad);
    const { messages, faults } = decodeClusterBatch(`{"v":1,"m":[${written},${JSON.stringify(good)}]}`);
    expect(messages.map(({ message: { id } }) => id)).toEqual(['1']);
    expect(faults).toHaveLength(1);
  });

  it('says why without what was in it', () => {
    const { faults } = decodeClusterBatch('{"v":1,"m":[{"id":"secret');
    expect(faults.join()).not.toContain('secret');
  });
});

describe('the channels', () => {
  it('carry the tag of their partition, always the same one', () => {
    const channels = new ClusterChannels({ prefix: 'app', partitionCount: clusterPartitionCount });
    expect(channels.everyone).toMatch(/^app:\{p\d+\}:all$/);
    expect(channels.room('chat:1')).toBe(`app:{p${partitionOf('chat:1', clusterPartitionCount)}}:r:chat%3A1`);
    // FNV-1a of "foobar" is 0xbf9cf968, from the draft's own table.
    expect(partitionOf('foobar', 2 ** 31)).toBe(0xbf9cf968 % 2 ** 31);
  });

  it('tell any two names apart, and hold no braces, stars or colons of a name', () => {
    const channels = new ClusterChannels();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, other) => {
        expect(channels.user(one) === channels.user(other)).toBe(one === other);
        expect(channels.user(one).slice('wsc:{p0}:u:'.length)).not.toMatch(/[{}*:]/);
      }),
    );
  });
});

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

describe('a message that nodes would leave out', () => {
  const plain = { id: '1', event: 'e', priority: 'normal', timestamp: 1 } as const;
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  const faultOf = (message: ClusterMessage) => findClusterMessageFault(message, encodeClusterMessage(message));

  it.each([
    ['nested too deep', { message: { ...plain, data: nested(200) } }],
    [
      'with too many keys',
      { message: { ...plain, data: Object.fromEntries(Array.from({ length: 100_001 }, (_, key) => [key, 1])) } },
    ],
    ['with a name that is too long', { message: { ...plain, data: null, fromName: 'x'.repeat(1_025) } }],
  ])('is found before it is sent: one %s', (_what, message) => {
    expect(faultOf(message)).toEqual(expect.any(String));
    expect(faultOf(message)).toBe(findMessageFault(encodeClusterMessage(message)));
  });

  it('is none that only holds brackets in a text, or is what an application sends', () => {
    expect(faultOf({ message: { ...plain, data: '[{'.repeat(500) } })).toBeUndefined();
    fc.assert(
      fc.property(clusterMessage, (each) => expect(faultOf(each)).toBe(findMessageFault(encodeClusterMessage(each)))),
    );
  });
});
