/** A parsed JSON object whose fields nobody has looked at yet. */
export type WireObject = Readonly<Record<string, unknown>>;

/** Whether `value` is an object that is neither `null` nor an array. */
export function isWireObject(value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
