/** Where a publisher says what nobody is there to hear: outages of Redis, and sends that failed while nobody awaited them. */
export interface PublisherLog {
  warn(message: string, context?: PublisherLogContext): void;
  info(message: string, context?: PublisherLogContext): void;
  debug(message: string, context?: PublisherLogContext): void;
}

/** Facts beside a line. `cause` may hold text from outside: escape it. Never payloads. */
export type PublisherLogContext = Readonly<Record<string, unknown>>;

/** Says nothing. */
export const silentLog: PublisherLog = Object.freeze({
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
});
