import * as fc from 'fast-check';
import {
  defaultDecodeLimits,
  errorCatalogue,
  errorNames,
  jsonClientCodec,
  jsonCodec,
  type ClientEnvelope,
  type ServerEnvelope,
} from './index.js';

type Model<T> = { readonly [Key in keyof T]: fc.Arbitrary<T[Key]> };

/** Plain objects with all fields of `required` and some of `optional`. */
function object<R, O>(required: Model<R>, optional: Model<O>) {
  return fc
    .tuple(fc.record(required), fc.record(optional, { requiredKeys: [] }))
    .map(([fields, more]) => ({ ...fields, ...more }));
}

function only<const T>(value: T): fc.Arbitrary<T> {
  return fc.constant(value);
}

// JSON does not keep -0; data that is left out comes back as undefined.
const json = fc.jsonValue({ maxDepth: 6 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
const data = fc.option(json, { nil: undefined });
const name = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,128}$/);
// With halves of surrogate pairs, which UTF-8 can't hold and JSON escapes.
const text = fc.string({
  unit: fc.oneof(fc.constantFrom('\ud800', '"', '\\', '\u2028'), fc.string({ unit: 'binary' })),
});
const id = text.filter((value) => value.length > 0 && value.length <= 64);
const traceparent = fc.stringMatching(/^00-[0-9a-f]{31}1-[0-9a-f]{15}1-0[01]$/);
const integer = fc.maxSafeNat();
const form = only('wsc');
const stamp = { traceId: text, timestamp: integer };

const clientEnvelope: fc.Arbitrary<ClientEnvelope> = fc.oneof(
  object({ type: only('request'), form, event: name, data, requestId: id }, { id, traceparent }),
  object({ type: only('request'), form: only('stock'), event: name, data }, {}),
  object({ type: only('notify'), form, event: name, data }, { id, traceparent }),
  object({ type: only('ack'), ids: fc.array(id, { minLength: 1, maxLength: 100 }) }, {}),
  only({ type: 'ping' }),
  only({ type: 'pong' }),
);

const welcome = object(
  {
    protocol: text,
    connectionId: text,
    deviceId: text,
    nodeId: text,
    session: text,
    pingIntervalMs: integer,
    maxMessageBytes: integer,
    serverTime: integer,
  },
  { userId: text },
);

const error = fc.constantFrom(...errorNames).chain((errorName) =>
  object(
    {
      type: only('error'),
      form,
      code: only(errorCatalogue[errorName].code),
      error: only(errorName),
      message: text,
      ...stamp,
    },
    { requestId: id, details: json, retryAfterMs: integer },
  ),
);

const message = object(
  { type: only('notify'), event: name, id: text, data, timestamp: integer },
  {
    from: text,
    fromName: text,
    to: text,
    room: name,
    offset: integer,
    epoch: text,
    prevOffset: integer,
    ack: only(true),
  },
);

const goodbye = object({ code: integer, reason: text, reconnect: fc.boolean() }, { reconnectInMs: integer });

const serverEnvelope: fc.Arbitrary<ServerEnvelope> = fc.oneof(
  object({ type: only('welcome'), data: welcome }, {}),
  object({ type: only('response'), form, requestId: id, data, ...stamp }, { more: only(true) }),
  error,
  message,
  only({ type: 'ping' }),
  object({ type: only('pong'), timestamp: integer }, {}),
  object({ type: only('goodbye'), data: goodbye }, {}),
);

describe('wsc.v1.json', () => {
  it('reads back on the server what a client writes, as text and as bytes', () => {
    fc.assert(
      fc.property(clientEnvelope, (envelope) => {
        const written = jsonClientCodec.encode(envelope);
        expect(jsonCodec.decode(written, defaultDecodeLimits)).toStrictEqual(envelope);
        expect(jsonCodec.decode(new TextEncoder().encode(written), defaultDecodeLimits)).toStrictEqual(envelope);
      }),
    );
  });

  it('reads back on the client what a server writes, as text and as bytes', () => {
    fc.assert(
      fc.property(serverEnvelope, (envelope) => {
        const written = jsonCodec.encode(envelope);
        expect(jsonClientCodec.decode(written)).toStrictEqual(envelope);
        expect(jsonClientCodec.decode(new TextEncoder().encode(written))).toStrictEqual(envelope);
      }),
    );
  });
});
