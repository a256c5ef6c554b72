const maxShownLength = 120;

/** A value for people to read. A secret shows its length only. */
export function showValue(value: unknown, isSecret = false): string {
  if (isSecret) return `(hidden, ${Buffer.byteLength(typeof value === 'string' ? value : '')} bytes)`;
  const text = toJson(value);
  return text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
}

function toJson(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  try {
    return JSON.stringify(value);
  } catch {
    return typeof value;
  }
}
