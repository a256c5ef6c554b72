import { Logger as NestLog } from '@nestjs/common';
import type { LogContext, Logger } from '../core/index.js';

const maxValueLength = 256;

/** Writes the library's log lines through Nest's logger, one line each, whatever the values hold. */
export class NestLogger implements Logger {
  readonly #log: NestLog;

  constructor(context = 'Wsc') {
    this.#log = new NestLog(context);
  }

  error(message: string, context?: LogContext): void {
    const cause = context?.['cause'];
    this.#log.error(format(message, context), cause instanceof Error ? cause.stack : undefined);
  }

  warn(message: string, context?: LogContext): void {
    this.#log.warn(format(message, context));
  }

  info(message: string, context?: LogContext): void {
    this.#log.log(format(message, context));
  }

  debug(message: string, context?: LogContext): void {
    this.#log.debug(format(message, context));
  }
}

function format(message: string, context: LogContext | undefined): string {
  if (context === undefined) return message;
  const facts = Object.entries(context).map(([name, value]) => `${name}=${oneLine(value)}`);
  return facts.length === 0 ? message : `${message} ${facts.join(' ')}`;
}

/** JSON escapes line breaks and controls, so that no value can forge a log line. */
function oneLine(value: unknown): string {
  const text = value instanceof Error ? `${value.name}: ${value.message}` : asText(value);
  const cut = text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;
  // JSON leaves these alone; terminals do not.
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u2028\u2029]/g, '?');
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    // Undefined for undefined and for functions, whatever its type says.
    const text: unknown = JSON.stringify(value);
    return typeof text === 'string' ? text : String(value);
  } catch {
    return String(value);
  }
}
