import { HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { isErrorName, WscError, type ErrorName } from '@nest-wsc/protocol';
import { CustomError } from '../../core/index.js';
import { parseValidationDetails } from './validation-details.js';

/** HTTP status → catalogue name. Every other 4xx is WSC_VALIDATION_FAILED, every other 5xx WSC_INTERNAL (docs/errors.md). */
const byStatus = new Map<number, ErrorName>([
  [401, 'WSC_UNAUTHORIZED'],
  [403, 'WSC_FORBIDDEN'],
  [404, 'WSC_NOT_FOUND'],
  [408, 'WSC_TIMEOUT'],
  [409, 'WSC_CONFLICT'],
  [412, 'WSC_CONFLICT'],
  [413, 'WSC_MESSAGE_TOO_LARGE'],
  [429, 'WSC_LIMIT_EXCEEDED'],
  [502, 'WSC_UNAVAILABLE'],
  [503, 'WSC_UNAVAILABLE'],
  [504, 'WSC_TIMEOUT'],
]);

/** What an application's exception is on the wire; undefined for one that the peer must not see (WSC_INTERNAL, logged). */
export function mapException(exception: unknown): WscError | undefined {
  if (exception instanceof WscError) return exception;
  if (isForeignWscError(exception)) return copyOf(exception);
  if (exception instanceof HttpException) return mapHttpException(exception);
  if (exception instanceof WsException) return mapWsException(exception);
  return undefined;
}

/** By shape: a `WscError` of a second copy of the protocol package. */
function isForeignWscError(value: unknown): value is ForeignWscError {
  return value instanceof Error && value.name === 'WscError' && 'error' in value && isErrorName(value.error);
}

interface ForeignWscError extends Error {
  readonly error: ErrorName;
  readonly details?: unknown;
  readonly retryAfterMs?: number;
}

function copyOf({ error, message, details, retryAfterMs, cause }: ForeignWscError): WscError {
  return new WscError(error, { message, details, retryAfterMs, cause });
}

function mapHttpException(exception: HttpException): WscError | undefined {
  const status = exception.getStatus();
  const response = fieldsOf(exception.getResponse());
  const name = byStatus.get(status) ?? (status < 500 ? 'WSC_VALIDATION_FAILED' : undefined);
  if (name === undefined) return undefined;
  const details = parseValidationDetails(response['message']);
  return new WscError(name, {
    message: details === undefined ? exception.message : undefined,
    details: details ?? response['details'],
    retryAfterMs: retryAfterMs(response),
    cause: exception,
  });
}

/** `new WsException({ error: 'WSC_CONFLICT', message })` picks a name; otherwise the request was refused: WSC_VALIDATION_FAILED. */
function mapWsException(exception: WsException): WscError {
  const body = exception.getError();
  const response = fieldsOf(body);
  const name = response['error'];
  const rest = { retryAfterMs: retryAfterMs(response), cause: exception };
  if (isErrorName(name))
    return new WscError(name, { ...rest, message: exception.message, details: response['details'] });
  if (typeof body === 'string') return new WscError('WSC_VALIDATION_FAILED', { ...rest, message: body });
  return new CustomError('WSC_VALIDATION_FAILED', {
    ...rest,
    // Nest makes one of the class's name where the body has none.
    message: typeof response['message'] === 'string' ? response['message'] : undefined,
    details: response['details'] ?? parseValidationDetails(body) ?? body,
    body,
  });
}

/** Seconds as in the header of that name, or our own milliseconds. */
function retryAfterMs(response: Readonly<Record<string, unknown>>): number | undefined {
  const milliseconds = response['retryAfterMs'] ?? response['retry_after_ms'];
  if (typeof milliseconds === 'number') return milliseconds;
  const seconds = response['retryAfter'];
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
