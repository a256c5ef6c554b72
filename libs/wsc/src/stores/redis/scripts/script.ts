import { createHash } from 'node:crypto';

/** A Lua script that Redis runs as one step. */
export interface Script {
  readonly lua: string;
  /** By which Redis knows it once it has run. */
  readonly sha1: string;
}

/** What runs scripts: a Redis client, a Cluster's too. */
export interface ScriptRunner {
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
  eval(lua: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}

/** The keys of one call, all of one partition, and its other arguments. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** Lua stands in modules, not in files of its own: those would have to be found by builds, bundlers and tests alike. */
export function createScript(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/** Runs it by its hash; Redis gets its text only where it has not seen it yet, or has forgotten it. */
export async function runScript(
  redis: ScriptRunner,
  { lua, sha1 }: Script,
  { keys, args }: ScriptCall,
): Promise<unknown> {
  try {
    return await redis.evalsha(sha1, keys.length, ...keys, ...args);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return redis.eval(lua, keys.length, ...keys, ...args);
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
