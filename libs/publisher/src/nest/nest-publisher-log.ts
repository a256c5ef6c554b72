import { Logger } from '@nestjs/common';
import type { PublisherLog, PublisherLogContext } from '../publisher-log.js';

const maxValueLength = 256;

/** Writes a publisher's lines through Nest's logger: one line each, whatever the values hold. */
export class NestPublisherLog implements PublisherLog {
  readonly #log = new Logger('WscPublisher');

  warn(message: string, context?: PublisherLogContext): void {
    this.#log.warn(format(message, context));
  }

  info(message: string, context?: PublisherLogContext): void {
    this.#log.log(format(message, context));
  }

  debug(message: string, context?: PublisherLogContext): void {
    this.#log.debug(format(message, context));
  }
}

function format(message: string, context: PublisherLogContext = {}): string {
  const facts = Object.entries(context).map(([name, value]) => `${name}=${oneLine(value)}`);
  return [message, ...facts].join(' ');
}

/** JSON escapes line breaks and most controls; of the rest some are line breaks to who reads the log, some commands to a terminal. */
function oneLine(value: unknown): string {
  const text = value instanceof Error ? `${value.name}: ${value.message}` : String(value);
  return JSON.stringify(text.slice(0, maxValueLength)).replace(/[\p{Cc}\u2028\u2029]/gu, '?');
}
