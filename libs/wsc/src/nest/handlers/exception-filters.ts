import type { ArgumentsHost } from '@nestjs/common';
import type { ExternalExceptionsHandler } from '@nestjs/core/exceptions/external-exceptions-handler.js';
import type { Logger } from '../../core/index.js';
import { mapException } from '../errors/map-exception.js';

/** A handler's exception and where it came from. */
export interface FailedCall {
  readonly filters: ExternalExceptionsHandler;
  readonly exception: unknown;
  readonly host: ArgumentsHost;
  readonly logger: Logger;
}

/**
 * Lets an application's exception filters answer, then maps what is left. A filter may return data (the answer), throw or return
 * another exception (mapped in place of the first), or return nothing (the first one is mapped).
 * A filter that fails by itself, as one written for HTTP does, changes nothing but the log.
 * @throws {WscError} what the peer is told, or the exception itself where the peer must not see it.
 */
export async function answerException(failure: FailedCall): Promise<unknown> {
  const { filters, exception, host, logger } = failure;
  let answer: unknown;
  try {
    answer = await filters.invokeCustomFilters(exception, host);
  } catch (thrown) {
    const mapped = mapException(thrown);
    if (mapped !== undefined) throw mapped;
    if (thrown !== exception) {
      logger.warn('An exception filter failed on a WebSocket message; check host.getType() in it.', { cause: thrown });
    }
    throw mapException(exception) ?? exception;
  }
  if (answer === undefined) throw mapException(exception) ?? exception;
  if (answer instanceof Error) throw mapException(answer) ?? answer;
  return answer;
}
