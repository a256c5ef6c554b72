/**
 * The unit in which addresses are counted: an IPv4 address itself, of IPv6 its /64, since a single subscriber is given a whole
 * /64 and would otherwise have 2^64 identities. An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) counts as what it is.
 * Text that is no address stands for itself.
 */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address;
  const groups = expandIpv6(address);
  if (!groups) return address;
  const isMappedIpv4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMappedIpv4)
    return groups
      .slice(6)
      .map((group) => `${group >> 8}.${group & 0xff}`)
      .join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight 16-bit groups of an IPv6 address (RFC 4291 §2.2), a zone left out. */
function expandIpv6(address: string): readonly number[] | undefined {
  const [withoutZone = ''] = address.split('%', 1);
  const [head = '', tail, ...more] = withoutZone.split('::');
  if (more.length > 0) return undefined;
  const before = parseGroups(head);
  const after = parseGroups(tail ?? '');
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  return groups.some(Number.isNaN) ? undefined : groups;
}

function parseGroups(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => (group.includes('.') ? parseDotted(group) : [parseHex(group)]));
}

function parseHex(group: string): number {
  return /^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : Number.NaN;
}

function parseDotted(text: string): readonly number[] {
  const bytes = text.split('.').map(Number);
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN, d = Number.NaN] = bytes;
  const isValid = bytes.length === 4 && bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  return isValid ? [(a << 8) | b, (c << 8) | d] : [Number.NaN];
}
