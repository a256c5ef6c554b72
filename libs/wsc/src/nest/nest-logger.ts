import { Logger as NestLog } from '@nestjs/common';
import type { LogContext, Logger } from '../core/index.js';

const maxValueLength = 256;

/** Writes the library's log lines through Nest's logger: one line each, whatever the values hold, and the frames of a stack. */
export class NestLogger implements Logger {
  readonly #log: NestLog;

  constructor(context = 'Wsc') {
    this.#log = new NestLog(context);
  }

  error(message: string, context?: LogContext): void {
    const cause = context?.['cause'];
    this.#log.error(format(message, context), cause instanceof Error ? framesOf(cause) : undefined);
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

/** The stack without the message above it: that may hold what a client sent, line breaks too. */
function framesOf({ stack = '', message }: Error): string | undefined {
  const behindMessage = stack.slice(Math.max(stack.indexOf(message), 0) + message.length);
  const frames = behindMessage.split('\n').filter((line) => line.startsWith('    at '));
  return frames.length === 0 ? undefined : frames.map(withoutControls).join('\n');
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
  // JSON leaves some controls alone; terminals do not.
  return withoutControls(JSON.stringify(cut));
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
