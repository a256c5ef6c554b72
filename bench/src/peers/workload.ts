import { nowMicroseconds } from '../clock.js';

/** What the load generator asks of every peer: to publish so many messages to a room in one turn. */
export interface PublishCommand {
  readonly room: string;
  readonly count: number;
  /** Characters of each message's data. */
  readonly bytes: number;
}

/** … or to publish at a steady rate. */
export interface PaceCommand {
  readonly room: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly bytes: number;
}

/** … or messages to many rooms, numbered from `first` on, and to say when all are sent. */
export interface NumberCommand {
  readonly rooms: readonly string[];
  readonly first: number;
  /** To each room. */
  readonly count: number;
  readonly bytes: number;
}

const markDigits = 16;
const paddings = new Map<number, string>();

/**
 * The data of one message: `#`, when it was made in 16 digits (microseconds of the machine's clock), and padding up to `bytes` characters.
 */
export function stampedText(bytes: number): string {
  return markedText(nowMicroseconds(), bytes);
}

/** The same with a number in place of the time. */
export function numberedText(number: number, bytes: number): string {
  return markedText(number, bytes);
}

function markedText(value: number, bytes: number): string {
  const mark = `#${String(value).padStart(markDigits, '0')}`;
  let padding = paddings.get(bytes);
  if (padding === undefined) {
    padding = 'x'.repeat(Math.max(bytes - mark.length, 0));
    paddings.set(bytes, padding);
  }
  return mark + padding;
}

/** Calls `send` with the data of each message. Answers how many there were. */
export function publish({ count, bytes }: PublishCommand, send: (data: string) => void): number {
  for (let sent = 0; sent < count; sent += 1) send(stampedText(bytes));
  return count;
}

/**
 * Calls `send` for each number, and for each room with it; the next number begins when what `send` answers has settled. Answers
 * how many there were.
 */
export async function publishNumbered(
  { rooms, first, count, bytes }: NumberCommand,
  send: (room: string, data: string) => unknown,
): Promise<number> {
  for (let number = first; number < first + count; number += 1) {
    const data = numberedText(number, bytes);
    await Promise.all(rooms.map((room) => send(room, data)));
  }
  return rooms.length * count;
}

/** Calls `send` at a steady rate for a while; a server that can't keep up sends less. Answers how many it sent. */
export function pace({ perSecond, seconds, bytes }: PaceCommand, send: (data: string) => void): Promise<number> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let sent = 0;
    const timer = setInterval(
      () => {
        const due = Math.floor(Math.min(secondsSince(startedAt), seconds) * perSecond);
        // Whoever can't keep up stops in time all the same.
        for (; sent < due && secondsSince(startedAt) < seconds; sent += 1) send(stampedText(bytes));
        if (secondsSince(startedAt) < seconds) return;
        clearInterval(timer);
        resolve(sent);
      },
      Math.max(1000 / perSecond, 1),
    );
  });
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
