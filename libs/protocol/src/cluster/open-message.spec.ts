import * as fc from 'fast-check';
import { decodeOpenMessage, decodeOpenNotification } from './index.js';

const read = (wire: unknown) => decodeOpenMessage(JSON.stringify(wire));
const nothing = { id: undefined, from: undefined, fromName: undefined, priority: 'normal' };

describe('what a program publishes on an open channel', () => {
  const full = { id: 'm1', from: 'ann', from_name: 'Ann', priority: 'high' };
  const expected = {
    ok: true,
    message: { event: 'order', data: { n: 1 }, id: 'm1', from: 'ann', fromName: 'Ann', priority: 'high' },
  };

  it.each([
    ['event and data', { event: 'order', data: { n: 1 }, ...full }],
    ['type and content', { type: 'order', content: { n: 1 }, ...full }],
    ['a message inside', { message: { event: 'order', data: { n: 1 }, ...full } }],
    ['a message inside with type and content', { message: { type: 'order', content: { n: 1 }, ...full } }],
  ])('is read as %s', (_, wire) => {
    expect(read(wire)).toEqual(expected);
  });

  it('needs no more than an event, and takes null for what is not there', () => {
    const message = { event: 'tick', data: undefined, ...nothing };
    expect(read({ event: 'tick' })).toEqual({ ok: true, message });
    expect(read({ event: 'tick', id: null, from: null, priority: null })).toEqual({ ok: true, message });
  });

  it('may have a message among its data', () => {
    expect(read({ event: 'e', data: 1, message: { event: 'x' } })).toMatchObject({ message: { event: 'e', data: 1 } });
  });

  it.each([
    ['no JSON', 'hello'],
    ['a list', '[]'],
    ['no event', '{}'],
    ['an event that is no name', '{"event":"a b"}'],
    ['an id that is none', '{"event":"e","id":7}'],
    ['a sender that can be no user', '{"event":"e","from":"a b"}'],
    ['another priority', '{"event":"e","priority":"urgent"}'],
    ['a number out of range', '{"event":"e","data":1e999}'],
    ['too much nesting', `{"event":"e","data":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['too much of everything', JSON.stringify({ event: 'e', data: 'x'.repeat(1_048_576) })],
  ])('is refused with %s, without saying what was in it', (_, payload) => {
    const decoded = decodeOpenMessage(payload);
    expect(decoded).toEqual({ ok: false, fault: expect.any(String) });
    expect(JSON.stringify(decoded)).not.toContain('hello');
  });

  it('never makes the decoder throw, whatever comes', () => {
    const wire = fc.record(
      { event: fc.jsonValue(), type: fc.jsonValue(), message: fc.jsonValue(), id: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const payload = fc.oneof(
      fc.string(),
      fc.json(),
      fc.uint8Array(),
      wire.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(payload, (any) => {
        expect(decodeOpenMessage(any)).toHaveProperty('ok');
        expect(decodeOpenNotification(any)).toHaveProperty('ok');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a notification', () => {
  it('is the whole object, with its id where that is one', () => {
    const notification = { id: 'n1', title: 'Shipped', body: 'On its way', event: 'ignored' };
    expect(decodeOpenNotification(JSON.stringify(notification))).toEqual({
      ok: true,
      message: { ...nothing, event: 'notification', data: notification, id: 'n1' },
    });
    expect(decodeOpenNotification('{"id":7,"title":"x"}')).toMatchObject({
      message: { id: undefined, data: { id: 7, title: 'x' } },
    });
  });
});
