/** Channels in one command: each is answered by itself, and Redis serves nobody else meanwhile. */
const channelsPerCommand = 500;

/**
 * Channels as they may stand in commands together: not too many, and with `slotOf` (on Redis Cluster) only of one slot.
 * The channels of one chunk keep their order.
 */
export function toChunks(
  channels: readonly string[],
  slotOf: ((channel: string) => number) | undefined,
): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  for (const group of slotOf === undefined ? [channels] : groupBy(channels, slotOf)) {
    for (let start = 0; start < group.length; start += channelsPerCommand) {
      chunks.push(group.slice(start, start + channelsPerCommand));
    }
  }
  return chunks;
}

function groupBy(channels: readonly string[], slotOf: (channel: string) => number): Iterable<readonly string[]> {
  const groups = new Map<number, string[]>();
  for (const channel of channels) {
    const slot = slotOf(channel);
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [channel]);
    else group.push(channel);
  }
  return groups.values();
}
