import type { DecodeLimits } from './codec.js';

/** A parsed JSON object whose fields nobody has looked at yet. */
export type WireObject = Readonly<Record<string, unknown>>;
type Container = WireObject | readonly unknown[];

/** Whether `value` is an object that is neither `null` nor an array. */
export function isWireObject(value: unknown): value is WireObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Array.isArray alone would narrow to any[].
function isArray(value: Container): value is readonly unknown[] {
  return Array.isArray(value);
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/**
 * Says what is wrong with the structure of a parsed envelope, or `undefined` (PROTOCOL.md §1.4): its depth, its keys,
 * and numbers that JSON can spell and a double can't hold (`1e999` is parsed as Infinity).
 * A queue instead of recursion: the depth is the sender's choice, our call stack must not be.
 */
export function findStructureFault(root: WireObject, { maxDepth, maxKeys }: DecodeLimits): string | undefined {
  const queue: Container[] = [root];
  let depth = 0;
  let levelEnd = 0;
  let keyCount = 0;
  let visited = 0;
  // An array's iterator sees what is appended while it runs.
  for (const container of queue) {
    if (visited === levelEnd) {
      depth += 1;
      levelEnd = queue.length;
      if (maxDepth > 0 && depth > maxDepth) return `The envelope nests deeper than ${String(maxDepth)} levels.`;
    }
    visited += 1;
    if (isArray(container)) {
      for (const item of container) if (!visit(item, queue)) return 'The envelope has a number out of range.';
      continue;
    }
    // for…in, since Object.values would allocate an array for each object; what JSON.parse made inherits nothing enumerable.
    for (const key in container) {
      keyCount += 1;
      if (!visit(container[key], queue)) return 'The envelope has a number out of range.';
    }
    if (maxKeys > 0 && keyCount > maxKeys) return `The envelope has more than ${String(maxKeys)} keys.`;
  }
  return undefined;
}

/** Queues what can nest; `false` for a number that is not finite. */
function visit(value: unknown, queue: Container[]): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (isContainer(value)) queue.push(value);
  return true;
}
