const slotCount = 16_384;
/** Of tags, of which there are as many as partitions. */
const known = new Map<string, number>();
const maxKnown = 1_024;

/** The hash slot of a key or channel that has a hash tag, as all of ours do (Redis Cluster specification, "Hash tags"). */
export function hashSlotOf(name: string): number {
  const start = name.indexOf('{');
  const end = name.indexOf('}', start + 1);
  const tag = start >= 0 && end > start + 1 ? name.slice(start + 1, end) : name;
  let slot = known.get(tag);
  if (slot === undefined) {
    slot = crc16(Buffer.from(tag)) % slotCount;
    if (known.size < maxKnown) known.set(tag, slot);
  }
  return slot;
}

/** CRC-16/XMODEM: polynomial 0x1021, starting from 0. */
function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 0x8000) === 0 ? (crc << 1) & 0xffff : ((crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc;
}
