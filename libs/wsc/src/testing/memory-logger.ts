import type { LogContext, Logger } from '../core/ports/logger.js';

/** One line of a {@link MemoryLogger}. */
export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly message: string;
  readonly context: LogContext | undefined;
}

const maxLines = 10_000;

/** Keeps what is logged (the last 10,000 lines), so that a test can look. */
export class MemoryLogger implements Logger {
  readonly #lines: LogLine[] = [];

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** The messages of one level. */
  messages(level: LogLine['level']): readonly string[] {
    return this.#lines.filter((line) => line.level === level).map((line) => line.message);
  }

  error(message: string, context?: LogContext): void {
    this.#keep({ level: 'error', message, context });
  }

  warn(message: string, context?: LogContext): void {
    this.#keep({ level: 'warn', message, context });
  }

  info(message: string, context?: LogContext): void {
    this.#keep({ level: 'info', message, context });
  }

  debug(message: string, context?: LogContext): void {
    this.#keep({ level: 'debug', message, context });
  }

  #keep(line: LogLine): void {
    if (this.#lines.length === maxLines) this.#lines.shift();
    this.#lines.push(line);
  }
}
