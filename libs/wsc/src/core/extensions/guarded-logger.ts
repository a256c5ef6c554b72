import { isPromiseLike } from '../async/maybe-promise.js';
import type { LogContext, Logger } from '../ports/logger.js';

type Level = keyof Logger;

/**
 * Holds a logger to its promise never to throw. It is the application's, and has to write what anybody may have thrown; where it
 * fails at that, the line comes without its facts.
 */
export function guardedLogger(logger: Logger): Logger {
  const at = (level: Level) => (message: string, context?: LogContext) => {
    if (!attempt(() => logger[level](message, context))) attempt(() => logger[level](message));
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** Answers whether it went well. One that is `async`, which TypeScript lets pass, fails later and unheard. */
function attempt(write: () => unknown): boolean {
  try {
    const result = write();
    if (isPromiseLike(result)) result.then(undefined, () => undefined);
    return true;
  } catch {
    return false;
  }
}
