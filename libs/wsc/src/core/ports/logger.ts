/**
 * Where the core writes what a person should read. Promises: never throws. Does not promise: that a line is kept.
 * Callers pass values from outside only through `context`; an implementation escapes them to one line of at most 256 characters each.
 */
export interface Logger {
  error(message: string, context?: LogContext): void;
  warn(message: string, context?: LogContext): void;
  info(message: string, context?: LogContext): void;
  debug(message: string, context?: LogContext): void;
}

/** Facts beside a log line. `cause` is an error whose stack is wanted; never tokens, sessions or payloads. */
export type LogContext = Readonly<Record<string, unknown>>;
