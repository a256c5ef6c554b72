import * as fc from 'fast-check';
import { decodeOpenEntry } from './index.js';

const read = (fields: Readonly<Record<string, string>>) => decodeOpenEntry(Object.entries(fields).flat());
const good = { to: 'user:auth0|ann', event: 'invoice' };
const nothing = { data: null, id: undefined, from: undefined, fromName: undefined };

describe('an entry of the open stream', () => {
  it('needs no more than whom it is for and an event', () => {
    const destination = { kind: 'user', userId: 'auth0|ann' };
    const entry = { ...nothing, destination, event: 'invoice', isDurable: false, timeToLiveMs: undefined };
    expect(read(good)).toEqual({ ok: true, entry });
  });

  it('may say everything else', () => {
    const rest = { data: '{"no":7}', id: 'inv-7', from: 'bob', from_name: 'Bob', durable: '1', ttl_ms: '60000' };
    expect(read({ ...good, ...rest })).toMatchObject({
      ok: true,
      entry: { data: { no: 7 }, id: 'inv-7', from: 'bob', fromName: 'Bob', isDurable: true, timeToLiveMs: 60_000 },
    });
  });

  it.each([
    ['room:order:17', { kind: 'room', room: 'order:17' }],
    ['user:a:b', { kind: 'user', userId: 'a:b' }],
    ['all', { kind: 'everyone' }],
  ])('is for %s', (to, destination) => {
    expect(read({ ...good, to })).toMatchObject({ ok: true, entry: { destination } });
  });

  it.each([
    ['nobody', { event: 'e' }],
    ['no event', { to: 'all' }],
    ['another destination', { ...good, to: 'everyone' }],
    ['a user that can be none', { ...good, to: 'user:a secret' }],
    ['a room that can be none', { ...good, to: 'room:secret room' }],
    ['an event that is no name', { ...good, event: 'a secret' }],
    ['data that is no JSON', { ...good, data: 'secret' }],
    ['a number out of range', { ...good, data: '1e999' }],
    ['too much nesting', { ...good, data: `${'['.repeat(40)}${']'.repeat(40)}` }],
    ['too much data', { ...good, data: JSON.stringify('x'.repeat(1_048_576)) }],
    ['an empty id', { ...good, id: '' }],
    ['a sender that can be none', { ...good, from: 'a secret' }],
    ['a name that is too long', { ...good, from_name: 'secret'.repeat(100) }],
    ['a misspelt field', { ...good, dureable: '1' }],
    ['a durable that is neither', { ...good, durable: 'yes' }],
    ['durable for a room', { to: 'room:a', event: 'e', durable: '1' }],
    ['a life that is none', { ...good, durable: '1', ttl_ms: '0' }],
    ['a life in words', { ...good, durable: '1', ttl_ms: '1 secret' }],
    ['a life that is not durable', { ...good, ttl_ms: '1000' }],
  ])('is refused with %s, without saying what was in it', (_, fields) => {
    const decoded = read(fields);
    expect(decoded).toEqual({ ok: false, fault: expect.any(String) });
    expect(JSON.stringify(decoded)).not.toContain('secret');
  });

  it('is refused with a field twice, or a name without a value for what needs one', () => {
    expect(decodeOpenEntry(['to', 'all', 'event', 'a', 'event', 'b'])).toMatchObject({ ok: false });
    expect(decodeOpenEntry(['to', 'all', 'event'])).toMatchObject({ ok: false });
  });

  it('never makes the decoder throw, whatever comes', () => {
    const name = fc.constantFrom('to', 'event', 'data', 'id', 'from', 'from_name', 'durable', 'ttl_ms', '__proto__');
    const pairs = fc.array(fc.tuple(name, fc.oneof(fc.string(), fc.json())), { maxLength: 10 });
    fc.assert(
      fc.property(pairs, (fields) => {
        expect(decodeOpenEntry(fields.flat())).toHaveProperty('ok');
      }),
    );
  });
});
