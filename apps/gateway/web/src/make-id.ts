/** A random id. `crypto.randomUUID` exists on https and localhost only; a demo is also tried from a phone by address. */
export function makeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
