import { refuse } from '../../core/connect/refusal.js';

/** A token of RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The offers of `Sec-WebSocket-Protocol`, in order. As strict as `ws`, which would answer a bad list itself and not in JSON.
 * @throws {HandshakeRefusal} 400
 */
export function parseSubprotocols(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  const offers = header.split(',').map((offer) => offer.replace(/^[ \t]+|[ \t]+$/g, ''));
  if (!offers.every((offer) => token.test(offer)))
    throw refuse.badRequest('Sec-WebSocket-Protocol is not a list of tokens.');
  if (new Set(offers).size !== offers.length)
    throw refuse.badRequest('Sec-WebSocket-Protocol names a subprotocol twice.');
  return offers;
}
