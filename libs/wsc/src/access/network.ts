import ipaddr from 'ipaddr.js';

/** A parsed address: IPv4, or IPv6 that is not a mapped IPv4 address. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address block: every address that shares its first `prefixLength` bits with `base`. */
export interface Network {
  readonly base: Address;
  readonly prefixLength: number;
}

// The longest text of an IPv6 address is 45 characters; the rest is room for a zone.
const maxAddressLength = 64;
const mappedPrefixLength = 96;

/**
 * Reads one address, without port. `::ffff:192.0.2.1` is read as `192.0.2.1` and a zone (`%eth0`) is dropped, so that one
 * host has one address. Undefined for anything else; `010.0.0.1`, `0x7f.1` and `2130706433` are not addresses here, since
 * programs disagree about what they mean.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > maxAddressLength) return undefined;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : new ipaddr.IPv6(address.parts);
}

/**
 * Reads `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`.
 * @throws {Error} naming `setting` and what was wrong in it.
 */
export function parseNetwork(text: string, setting: string): Network {
  const [addressText = '', lengthText, ...rest] = text.trim().split('/');
  const base = parseAddress(addressText);
  if (!base || rest.length > 0) throw invalidNetwork(text, setting);
  const bits = base.kind() === 'ipv4' ? 32 : 128;
  if (lengthText === undefined) return { base, prefixLength: bits };
  // The base of `::ffff:10.0.0.0/104` has become IPv4, so its length loses the 96 bits in front.
  const offset = base.kind() === 'ipv4' && addressText.includes(':') ? mappedPrefixLength : 0;
  const prefixLength = Number(lengthText) - offset;
  if (!/^\d{1,3}$/.test(lengthText) || prefixLength < 0 || prefixLength > bits) throw invalidNetwork(text, setting);
  return { base, prefixLength };
}

/** Whether `address` lies in one of `networks`. */
export function isInNetworks(address: Address, networks: readonly Network[]): boolean {
  return networks.some(({ base, prefixLength }) => base.kind() === address.kind() && address.match(base, prefixLength));
}

function invalidNetwork(text: string, setting: string): Error {
  return new Error(
    `Expected each entry of \`${setting}\` to be an IP address or a network such as "10.0.0.0/8" or "2001:db8::/32", got ${JSON.stringify(text)}.`,
  );
}
