import { WscError } from '@nest-wsc/protocol';
import type { Logger } from '../ports/logger.js';

/**
 * Logs what could not be done for one connection. Where a store is away for a while this happens for each that comes or goes, and the
 * store has told of it once: then it goes to `debug`.
 */
export function logFailure(
  logger: Logger,
  message: string,
  { level, ...context }: { readonly level: 'error' | 'warn'; readonly cause: unknown; readonly room?: string },
): void {
  const { cause } = context;
  const isTold = cause instanceof WscError && cause.temporary;
  logger[isTold ? 'debug' : level](message, context);
}
