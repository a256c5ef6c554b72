import * as fc from 'fast-check';
import { defaultDecodeLimits, DecodeError, jsonClientCodec, serverCodecs, WscError } from './index.js';

const decoders: readonly (readonly [string, (payload: string | Uint8Array) => unknown])[] = [
  ...[...serverCodecs.values()].map(
    (codec) =>
      [
        `${codec.subprotocol} on the server`,
        (payload: string | Uint8Array): unknown => codec.decode(payload, defaultDecodeLimits),
      ] as const,
  ),
  ['wsc.v1.json on the client', (payload) => jsonClientCodec.decode(payload)],
];

/** Envelopes that are right but for one field, where a parser that trusts its input goes wrong. */
const nearMiss = fc
  .record(
    {
      type: fc.oneof(
        fc.constantFrom('request', 'notify', 'ack', 'ping', 'welcome', 'response', 'error', 'goodbye', 'pong'),
        fc.constantFrom('join_room', 'room_message', 'chat', 'subscribe', 'refresh_token', '__proto__'),
        fc.jsonValue(),
      ),
      event: fc.oneof(fc.constantFrom('chat', '__proto__'), fc.jsonValue()),
      request_id: fc.oneof(fc.constant('r1'), fc.jsonValue()),
      id: fc.oneof(fc.constant('m1'), fc.jsonValue()),
      ids: fc.jsonValue(),
      data: fc.jsonValue(),
      content: fc.jsonValue(),
      payload: fc.jsonValue(),
      room: fc.jsonValue(),
      to: fc.jsonValue(),
      code: fc.jsonValue(),
      error: fc.jsonValue(),
      timestamp: fc.oneof(fc.nat(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  )
  .map((wire) => JSON.stringify(wire));

/** The text of an envelope with a piece cut out or put in. */
const mutated = fc
  .tuple(nearMiss, fc.nat(200), fc.nat(8), fc.string({ maxLength: 8 }))
  .map(([text, at, length, insert]) => text.slice(0, at) + insert + text.slice(at + length));

const garbage = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.uint8Array(),
  nearMiss,
  mutated,
  mutated.map((text) => new TextEncoder().encode(text)),
);

describe.each(decoders)('%s', (_, decode) => {
  it('throws nothing but a DecodeError, whatever comes', () => {
    fc.assert(
      fc.property(garbage, (payload) => {
        try {
          decode(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
          expect(error).toBeInstanceOf(WscError);
        }
      }),
      { numRuns: 1000 },
    );
    expect(Object.keys(Object.prototype)).toStrictEqual([]);
  });
});
