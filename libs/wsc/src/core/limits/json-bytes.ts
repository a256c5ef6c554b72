/** Roughly what a value takes as JSON, in bytes, to hold it against a limit. Infinity where JSON can't write it. */
export function jsonBytes(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify([value]));
  } catch {
    return Infinity;
  }
}
