/**
 * Every error name that goes on the wire, with its HTTP-like code and default text (PROTOCOL.md §7).
 * Append-only: a name never changes its meaning and is never removed.
 */
export const errorCatalogue = {
  WSC_INVALID_ENVELOPE: { code: 400, message: 'The message is not a valid envelope.', temporary: false },
  WSC_INVALID_NAME: { code: 400, message: 'A name is missing or not allowed.', temporary: false },
  WSC_VALIDATION_FAILED: { code: 400, message: 'The data is not valid.', temporary: false },
  WSC_UNAUTHORIZED: { code: 401, message: 'Authentication is needed.', temporary: false },
  WSC_FORBIDDEN: { code: 403, message: 'This is not allowed.', temporary: false },
  WSC_UNKNOWN_EVENT: { code: 404, message: 'There is no such event.', temporary: false },
  WSC_NOT_FOUND: { code: 404, message: 'There is no such thing.', temporary: false },
  WSC_TIMEOUT: { code: 408, message: 'The answer took too long.', temporary: true },
  WSC_CONFLICT: { code: 409, message: 'This conflicts with an earlier request.', temporary: false },
  WSC_MESSAGE_TOO_LARGE: { code: 413, message: 'The message is too large.', temporary: false },
  WSC_LIMIT_EXCEEDED: { code: 429, message: 'A limit is reached.', temporary: true },
  WSC_INTERNAL: { code: 500, message: 'Internal error.', temporary: false },
  WSC_UNAVAILABLE: { code: 503, message: 'Not available now. Try again later.', temporary: true },
} as const satisfies Record<string, ErrorEntry>;

interface ErrorEntry {
  readonly code: number;
  readonly message: string;
  /** Whether the same request may succeed later. */
  readonly temporary: boolean;
}

/** One name of the catalogue. Switch on it; it is what a peer sees. */
export type ErrorName = keyof typeof errorCatalogue;

/** Every name of the catalogue. */
export const errorNames: readonly ErrorName[] = Object.keys(errorCatalogue).filter(isErrorName);

/** Whether `value` is a name of the catalogue. */
export function isErrorName(value: unknown): value is ErrorName {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}

/**
 * The catalogue's name for what a peer sent: names are added in later versions, so one that is not known here is
 * taken for the first with the same number, else for WSC_INTERNAL (PROTOCOL.md §7.2).
 */
export function errorNameFor(name: string, code: number): ErrorName {
  if (isErrorName(name)) return name;
  return errorNames.find((known) => errorCatalogue[known].code === code) ?? 'WSC_INTERNAL';
}

/** What may be added to a {@link WscError}. Only `details`, `message` and `retryAfterMs` reach the peer; `cause` stays in the log. */
export interface WscErrorOptions {
  readonly message?: string | undefined;
  /** Shown to the peer: for `WSC_VALIDATION_FAILED` an object of field → reasons. */
  readonly details?: unknown;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The one error of nest-wsc. Match on {@link WscError.error}, not on `instanceof`, across package copies. */
export class WscError extends Error {
  override readonly name = 'WscError';
  /** The catalogue's name. */
  readonly error: ErrorName;
  /** The catalogue's HTTP-like number. */
  readonly code: number;
  readonly details: unknown;
  readonly retryAfterMs: number | undefined;

  constructor(error: ErrorName, options: WscErrorOptions = {}) {
    super(
      options.message ?? errorCatalogue[error].message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.error = error;
    this.code = errorCatalogue[error].code;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the same request may succeed later. */
  get temporary(): boolean {
    return errorCatalogue[this.error].temporary;
  }

  /**
   * {@link WscError.code}, by the name under which HTTP frameworks look for it (`http-errors`): an error that leaves a
   * controller is answered with this status, by Nest's own filter, Express and Fastify alike.
   */
  get statusCode(): number {
    return this.code;
  }

  /** The same as {@link WscError.statusCode}; `http-errors` has both. */
  get status(): number {
    return this.code;
  }

  /** Whether an HTTP framework may show `message`; only WSC_INTERNAL keeps it to itself. */
  get expose(): boolean {
    return this.error !== 'WSC_INTERNAL';
  }
}
