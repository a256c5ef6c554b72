import { randomBytes } from 'node:crypto';
import { HttpException } from '@nestjs/common';
import { errorCatalogue, type ErrorName, WscError } from '@nest-wsc/protocol';

/** The JSON of every HTTP error: the fields of an `error` envelope (PROTOCOL.md §3), with the HTTP status as `code`. */
export interface ErrorBody {
  readonly code: number;
  readonly error: ErrorName;
  readonly message: string;
  readonly details?: unknown;
  readonly retry_after_ms?: number;
  readonly trace_id: string;
  readonly timestamp: number;
}

type Fault = Pick<ErrorBody, 'code' | 'error' | 'message' | 'details'> & { readonly retryAfterMs?: number | undefined };

const nameByStatus: Readonly<Partial<Record<number, ErrorName>>> = {
  401: 'WSC_UNAUTHORIZED',
  403: 'WSC_FORBIDDEN',
  404: 'WSC_NOT_FOUND',
  408: 'WSC_TIMEOUT',
  409: 'WSC_CONFLICT',
  413: 'WSC_MESSAGE_TOO_LARGE',
  422: 'WSC_VALIDATION_FAILED',
  429: 'WSC_LIMIT_EXCEEDED',
  503: 'WSC_UNAVAILABLE',
};

/** Nothing at this address, or no such thing by that name. */
export function notFound(message: string): HttpException {
  return new HttpException(message, 404);
}

/** A body that is read but not acceptable is 422 over HTTP; everything else keeps the catalogue's number. */
function fromWscError(error: WscError): Fault {
  const code = error.error === 'WSC_VALIDATION_FAILED' ? 422 : error.code;
  return { code, error: error.error, message: error.message, details: error.details, retryAfterMs: error.retryAfterMs };
}

function fromStatus(code: number, message: string): Fault {
  if (code >= 500 && code !== 503)
    return { code: 500, error: 'WSC_INTERNAL', message: errorCatalogue.WSC_INTERNAL.message };
  return { code, error: nameByStatus[code] ?? 'WSC_INVALID_ENVELOPE', message };
}

/** What Express' router and body parser refuse; their own texts may quote what was sent. */
const textByStatus: Readonly<Partial<Record<number, string>>> = {
  400: 'The request could not be read: its body must be JSON and its address well formed.',
  413: 'The body is larger than 64 KiB.',
  415: 'The body must be JSON in UTF-8.',
};

function faultOf(error: unknown): Fault {
  if (error instanceof WscError) return fromWscError(error);
  if (!(error instanceof HttpException)) return fromStatus(500, '');
  const status = error.getStatus();
  const isFromExpress = error.cause instanceof Error;
  return fromStatus(status, isFromExpress ? (textByStatus[status] ?? 'The request was refused.') : error.message);
}

/** Turns whatever was thrown into the body that a caller sees: never a stack, never internal text. */
export function toErrorBody(error: unknown, now: number): ErrorBody {
  const { code, error: name, message, details, retryAfterMs } = faultOf(error);
  return {
    code,
    error: name,
    message,
    ...(details !== undefined && { details }),
    ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
    trace_id: randomBytes(16).toString('hex'),
    timestamp: now,
  };
}
