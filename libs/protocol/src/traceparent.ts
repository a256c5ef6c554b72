// Version 00's length for every version: what a later version appends is not ours to read. `ff`, all-zero ids are invalid.
const traceparentPattern = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** Whether `value` is a `traceparent` of W3C Trace Context (version, trace id, parent id, flags; lower-case hex). */
export function isTraceparent(value: unknown): value is string {
  return typeof value === 'string' && traceparentPattern.test(value);
}
