import { isName, nameRule, parseId } from '@nest-wsc/protocol';
import { describeValue } from '../describe-value.js';
import { createMessageId } from '../ids.js';
import type { Clock } from '../ports/clock.js';
import { parseMessageKey } from './message-key.js';
import type { MessageInput, OutboundMessage, Priority } from './message.js';

/**
 * Completes what an application sends.
 * @throws {TypeError} where the program itself is wrong: for what is no message, for its event and its priority. It is logged, and
 *   no client that caused the send is blamed for it.
 * @throws {WscError} WSC_INVALID_NAME for an id and a key, which a program may have from a client.
 */
export function createMessage(clock: Clock, input: MessageInput, room?: string): OutboundMessage {
  requireMessage(input);
  // One literal with every field, so that all of them have one shape.
  return {
    id: input.id === undefined ? createMessageId() : parseId(input.id),
    event: parseEvent(input.event),
    data: input.data ?? null,
    from: input.from,
    fromName: input.fromName,
    room,
    to: input.to,
    priority: parsePriority(input.priority ?? 'normal'),
    key: input.key === undefined ? undefined : parseMessageKey(input.key),
    timestamp: clock.now(),
  };
}

function requireMessage(input: unknown): void {
  if (typeof input === 'object' && input !== null) return;
  throw new TypeError(`Expected a message such as { event: 'price', data: 42 }, got ${describeValue(input)}.`);
}

function parseEvent(event: unknown): string {
  if (isName(event)) return event;
  // Who comes from a bare socket hands over text that is written already.
  const isJson = typeof event === 'string' && /^\s*[{[]/.test(event);
  const advice = isJson ? ' that looks like JSON: call send(event, data), it writes the JSON itself.' : '.';
  throw new TypeError(`Expected the event of a message to be ${nameRule}, got ${describeValue(event)}${advice}`);
}

function parsePriority(priority: unknown): Priority {
  if (priority === 'normal' || priority === 'high') return priority;
  const got = typeof priority === 'string' ? JSON.stringify(priority.slice(0, 20)) : describeValue(priority);
  throw new TypeError(`Expected the priority of a message to be 'normal' or 'high', got ${got}.`);
}
