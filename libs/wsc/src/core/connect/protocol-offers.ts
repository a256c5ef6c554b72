import { refuse } from './refusal.js';

/** What the `Sec-WebSocket-Protocol` offers of a handshake say (PROTOCOL.md §1.1). */
export interface ProtocolOffers {
  /** The first offer of the client's that the server speaks; undefined when nothing was offered at all. */
  readonly protocol: string | undefined;
  /** After `bearer.` */
  readonly token: string | undefined;
  /** After `device.`, unchecked. */
  readonly deviceId: string | undefined;
  /** Whether `resume.v1` was offered: a session is kept, and the inbox waits until `resume`. */
  readonly wantsResume: boolean;
}

const bearerPrefix = 'bearer.';
const devicePrefix = 'device.';
const resumeFlag = 'resume.v1';

const maxOffers = 16;
const maxOfferLength = 128;
// A token has 8 KiB at most; the rest is the prefix.
const maxBearerLength = 8 * 1024 + bearerPrefix.length;
/** `token` of RFC 9110 §5.6.2, which RFC 6455 §4.1 asks of a subprotocol. */
const offerPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Sorts the offers into the protocol, the token, the device and the resume flag. The last three are never selected; and
 * since a browser drops a connection that selects none of its offers, they need a protocol beside them.
 * @param protocols what the server speaks
 * @throws {HandshakeRefusal} 400
 */
export function parseOffers(offers: readonly string[], protocols: readonly string[]): ProtocolOffers {
  checkForm(offers);
  const token = valueOf(offers, bearerPrefix);
  const deviceId = valueOf(offers, devicePrefix);
  const wantsResume = offers.includes(resumeFlag);
  const protocol = offers.find((offer) => protocols.includes(offer));
  if (protocol === undefined && offers.length > 0) {
    throw refuse.badRequest(`Offer one of these subprotocols: ${protocols.join(', ')}.`);
  }
  return { protocol, token, deviceId, wantsResume };
}

function checkForm(offers: readonly string[]): void {
  if (offers.length > maxOffers) throw refuse.badRequest('Too many subprotocols are offered.');
  for (const offer of offers) {
    if (offer.length > (offer.startsWith(bearerPrefix) ? maxBearerLength : maxOfferLength)) {
      throw refuse.badRequest('An offered subprotocol is too long.');
    }
    if (!offerPattern.test(offer)) throw refuse.badRequest('An offered subprotocol is malformed.');
  }
  if (new Set(offers).size < offers.length) throw refuse.badRequest('A subprotocol is offered twice.');
}

/** What follows `prefix` in the one offer that begins with it. */
function valueOf(offers: readonly string[], prefix: string): string | undefined {
  const [found, second] = offers.filter((offer) => offer.startsWith(prefix));
  if (second !== undefined) throw refuse.badRequest(`Several "${prefix}" subprotocols are offered.`);
  if (found === prefix) throw refuse.badRequest(`The "${prefix}" subprotocol is empty.`);
  return found?.slice(prefix.length);
}
