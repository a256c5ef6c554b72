import { HttpException } from '@nestjs/common';
import { HandshakeRefusal, refuse } from '../../core/index.js';
import { mapException } from './map-exception.js';

/**
 * What an exception of a connect guard is as an HTTP answer (PROTOCOL.md §1). What the client must not see comes back as it is,
 * so that the gate answers 500 and logs it.
 */
export function mapRefusal(exception: unknown): unknown {
  if (exception instanceof HandshakeRefusal) return exception;
  const error = mapException(exception);
  if (error === undefined) return exception;
  // Its own status, which may be one that the catalogue has no name for.
  const status = exception instanceof HttpException ? exception.getStatus() : error.code;
  if (status === 401) return refuse.unauthorized(error.message, exception);
  const headers =
    error.retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterMs / 1000)) };
  return new HandshakeRefusal(status, error.message, { headers, cause: exception });
}
