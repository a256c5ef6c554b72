const hash = '#'.charCodeAt(0);
const zero = '0'.charCodeAt(0);
/** As many as `stampedText` and `numberedText` write. */
const digits = 16;

/**
 * The number that a message of the benchmark carries behind its `#`: when it was made, or which it is. Undefined where it has
 * none, or other things than digits there: a compressed message may have a `#` anywhere.
 */
export function markIn(chunk: Buffer, start: number, end: number): number | undefined {
  const at = chunk.indexOf(hash, start);
  if (at < 0 || at + digits >= end) return undefined;
  let value = 0;
  for (let index = at + 1; index <= at + digits; index += 1) {
    const digit = (chunk[index] ?? 0) - zero;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
