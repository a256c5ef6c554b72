import { Logger as NestLog } from '@nestjs/common';
import type { LogContext, Logger } from '../core/index.js';

const maxValueLength = 256;

/** What stands for a value that throws when it is looked at. */
const unreadable = '"(unreadable)"';

/** Writes the library's log lines through Nest's logger: one line each, whatever the values hold, and the frames of a stack. */
export class NestLogger implements Logger {
  readonly #log: NestLog;

  constructor(context = 'Wsc') {
    this.#log = new NestLog(context);
  }

  error(message: string, context?: LogContext): void {
    this.#write('error', message, context);
  }

  warn(message: string, context?: LogContext): void {
    this.#write('warn', message, context);
  }

  info(message: string, context?: LogContext): void {
    this.#write('log', message, context);
  }

  debug(message: string, context?: LogContext): void {
    this.#write('debug', message, context);
  }

  /** Nest's logger is the application's, and may fail; then there is nowhere left to say so. */
  #write(level: 'error' | 'warn' | 'log' | 'debug', message: string, context: LogContext | undefined): void {
    const line = format(message, context);
    try {
      if (level === 'error') this.#log.error(line, framesOf(context?.['cause']));
      else this.#log[level](line);
    } catch {
      return;
    }
  }
}

/** The stack without the message above it: that may hold what a client sent, line breaks too. */
function framesOf(cause: unknown): string | undefined {
  try {
    if (!(cause instanceof Error)) return undefined;
    const { stack, message } = cause;
    if (typeof stack !== 'string') return undefined;
    const behindMessage = stack.slice(Math.max(stack.indexOf(message), 0) + message.length);
    const frames = behindMessage.split('\n').filter((line) => line.startsWith('    at '));
    return frames.length === 0 ? undefined : frames.map(withoutControls).join('\n');
  } catch {
    return undefined;
  }
}

function format(message: string, context: LogContext | undefined): string {
  if (context === undefined) return message;
  const facts = Object.entries(context).map(([name, value]) => `${name}=${oneLine(value)}`);
  return facts.length === 0 ? message : `${message} ${facts.join(' ')}`;
}

/** JSON escapes line breaks and controls, so that no value can forge a log line. Anything may have been thrown, so nothing is trusted. */
function oneLine(value: unknown): string {
  try {
    const text = value instanceof Error ? `${value.name}: ${value.message}` : asText(value);
    const cut = text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;
    // JSON leaves some controls alone; terminals do not.
    return withoutControls(JSON.stringify(cut));
  } catch {
    return unreadable;
  }
}

/** Some are line breaks to who reads the log, some are commands to a terminal. */
function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '?');
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
