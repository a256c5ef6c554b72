import { WscError } from '@nest-wsc/protocol';

/** Reason phrases (RFC 9110 §15) of what guards refuse with; any other status says `Error`. */
const reasonPhrases: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [402, 'Payment Required'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [422, 'Unprocessable Entity'],
  [426, 'Upgrade Required'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
]);

/** The JSON body of every refused upgrade (PROTOCOL.md §1.3). */
export interface RefusalBody {
  readonly statusCode: number;
  readonly error: string;
  readonly message: string;
}

/** Refuses a handshake with an HTTP answer. Guards, middleware and authenticators may throw it. */
export class HandshakeRefusal extends Error {
  override readonly name = 'HandshakeRefusal';
  /** 400..599; any other is answered as 500, and logged. */
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param message shown to the client: never internal text. */
  constructor(
    statusCode: number,
    message: string,
    options: { readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.statusCode = statusCode;
    this.headers = options.headers ?? {};
  }

  get body(): RefusalBody {
    return { statusCode: this.statusCode, error: reasonPhrases.get(this.statusCode) ?? 'Error', message: this.message };
  }
}

/** The refusals of PROTOCOL.md §1.3. */
export const refuse = {
  badRequest: (message: string) => new HandshakeRefusal(400, message),
  unauthorized: (message: string, cause?: unknown) =>
    new HandshakeRefusal(401, message, { headers: { 'WWW-Authenticate': 'Bearer' }, cause }),
  forbidden: (message: string) => new HandshakeRefusal(403, message),
  notFound: () => new HandshakeRefusal(404, 'There is no WebSocket endpoint here.'),
  tooManyRequests: (message: string, retryAfterSeconds: number) =>
    new HandshakeRefusal(429, message, { headers: { 'Retry-After': String(retryAfterSeconds) } }),
  unavailable: (message: string, retryAfterSeconds: number) =>
    new HandshakeRefusal(503, message, { headers: { 'Retry-After': String(retryAfterSeconds) } }),
  internal: (cause: unknown) => new HandshakeRefusal(500, 'Internal error.', { cause }),
} as const;

/**
 * The refusal for whatever a check has thrown. What is none, and one whose status says no "no" in HTTP (101 and 200 would even
 * say yes), is a 500 with the cause for the log; what a store can't tell now is a 503.
 */
export function refusalFrom(error: unknown): HandshakeRefusal {
  if (error instanceof WscError && error.temporary) return temporaryRefusal(error);
  if (!(error instanceof HandshakeRefusal)) return refuse.internal(error);
  const { statusCode } = error;
  if (Number.isInteger(statusCode) && statusCode >= 400 && statusCode <= 599) return error;
  const fault = `Expected a refusal to have an HTTP status of 400 to 599, got ${String(statusCode)}.`;
  return refuse.internal(new Error(fault, { cause: error }));
}

function temporaryRefusal({ retryAfterMs = 5_000 }: WscError): HandshakeRefusal {
  return refuse.unavailable('This can not be decided now.', Math.ceil(retryAfterMs / 1000));
}
