import type { DecodeLimits } from './codec.js';

/** A parsed JSON object whose fields nobody has looked at yet. */
export type WireObject = Readonly<Record<string, unknown>>;
type WireArray = readonly unknown[];

/** Whether `value` is an array, without the `any[]` that `Array.isArray` narrows to. */
function isWireArray(value: unknown): value is WireArray {
  return Array.isArray(value);
}

/** Whether `value` is an object that is neither `null` nor an array. */
export function isWireObject(value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Says what is wrong with the structure of a parsed envelope, or `undefined` (PROTOCOL.md §1.4): nesting, number of
 * keys, numbers that JSON can spell and a double can't hold (`1e999`).
 * Goes level by level instead of recursively: the depth is the sender's choice, our call stack must not be.
 */
export function findStructureFault(root: WireObject, limits: DecodeLimits): string | undefined {
  let keyCount = 0;
  let level: (WireObject | WireArray)[] = [root];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (limits.maxDepth > 0 && depth > limits.maxDepth) {
      return `The envelope nests deeper than ${String(limits.maxDepth)} levels.`;
    }
    const nextLevel: (WireObject | WireArray)[] = [];
    for (const container of level) {
      const values = isWireArray(container) ? container : Object.values(container);
      if (values !== container) keyCount += values.length;
      if (limits.maxKeys > 0 && keyCount > limits.maxKeys) {
        return `The envelope has more than ${String(limits.maxKeys)} keys.`;
      }
      if (!collectContainers(values, nextLevel)) return 'The envelope has a number out of range.';
    }
    level = nextLevel;
  }
  return undefined;
}

/** Adds the objects and arrays among `values` to `containers`; `false` where a number is not finite. */
function collectContainers(values: WireArray, containers: (WireObject | WireArray)[]): boolean {
  for (const value of values) {
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return false;
    } else if (isWireArray(value) || isWireObject(value)) {
      containers.push(value);
    }
  }
  return true;
}
