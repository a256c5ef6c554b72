// The same bounds as for an envelope, so that what comes in by HTTP can go out by WebSocket.
const maxDepth = 32;
const maxKeys = 1000;

/**
 * Whether parsed JSON nests at most 32 levels and has at most 1,000 keys. Goes level by level: the depth is the
 * sender's choice, our call stack must not be.
 */
export function isStructureBounded(root: unknown): boolean {
  let keyCount = 0;
  let level = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    const nextLevel: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'number' && !Number.isFinite(value)) return false;
      if (typeof value !== 'object' || value === null) continue;
      if (depth >= maxDepth) return false;
      const children: unknown[] = Object.values(value);
      if (!Array.isArray(value)) keyCount += children.length;
      if (keyCount > maxKeys) return false;
      nextLevel.push(...children);
    }
    level = nextLevel;
  }
  return true;
}
