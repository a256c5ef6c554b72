import { WscError } from '@nest-wsc/protocol';
import type { DeadLetter, InboxEntry, InboxPage, InboxSize, InboxStored } from '../../../core/ports/inbox.js';
import { parseKeptMessage } from '../kept-message.js';

/*
 * What the scripts of the inbox answer. Messages that this library did not write are left out, and go when their time is up; any other
 * answer that is not as it should be is WSC_UNAVAILABLE.
 */

/** Of every script: how many messages it has found to be dead letters, and what it answers beside that. */
export function parseAnswer(answer: unknown): { readonly diedCount: number; readonly rest: unknown } {
  const parts: readonly unknown[] = Array.isArray(answer) ? answer : [];
  const [diedCount, rest] = parts;
  if (typeof diedCount !== 'number') throw notOurs();
  return { diedCount, rest };
}

/** Of the script that stores. */
export function parseStored(answer: unknown): InboxStored | 'full' {
  const [status, offset, epoch] = textsOf(answer);
  if (status === 'full') return status;
  if ((status !== 'stored' && status !== 'repeated') || epoch === undefined) throw notOurs();
  return { status, position: { offset: Number(offset), epoch } };
}

/** Of the script that acknowledges. */
export function parseIds(answer: unknown): readonly string[] {
  return textsOf(answer);
}

/** Of the script that reads. */
export function parsePage(answer: unknown): InboxPage {
  const [epoch, ...texts] = textsOf(answer);
  if (epoch === undefined) throw notOurs();
  return { epoch, entries: texts.flatMap(parseEntry) };
}

/** Of the scripts of dead letters: times and messages in turn. */
export function parseDeadLetters(answer: unknown): readonly DeadLetter[] {
  const texts = textsOf(answer);
  return texts.flatMap((text, index) => {
    const kept = index % 2 === 0 ? undefined : parseKeptMessage(text);
    if (kept?.position === undefined) return [];
    const { message, position } = kept;
    return [{ message, position, reason: 'expired', diedAt: Number(texts[index - 1]) } as const];
  });
}

/** Of the script that counts. */
export function parseSize(answer: unknown): InboxSize {
  const [messages, deadLetters] = textsOf(answer);
  return { messages: Number(messages), deadLetters: Number(deadLetters) };
}

function parseEntry(text: string): readonly InboxEntry[] {
  const kept = parseKeptMessage(text);
  return kept?.position === undefined ? [] : [{ message: kept.message, offset: kept.position.offset }];
}

function textsOf(answer: unknown): readonly string[] {
  if (!Array.isArray(answer)) throw notOurs();
  return answer.map(String);
}

function notOurs(): WscError {
  return new WscError('WSC_UNAVAILABLE', { message: 'Redis has answered something that is not of this library.' });
}
