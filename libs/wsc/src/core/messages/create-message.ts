import { requireMessage, type MessageInput } from '@nest-wsc/protocol';
import { createMessageId } from '../ids.js';
import type { Clock } from '../ports/clock.js';
import type { OutboundMessage } from './message.js';

/**
 * Completes what an application sends.
 * @throws {TypeError} where the program itself is wrong.
 * @throws {WscError} WSC_INVALID_NAME for an id and a key, which a program may have from a client.
 */
export function createMessage(clock: Clock, input: MessageInput, room?: string): OutboundMessage {
  requireMessage(input);
  // One literal with every field, so that all of them have one shape.
  return {
    id: input.id ?? createMessageId(),
    event: input.event,
    data: input.data ?? null,
    from: input.from,
    fromName: input.fromName,
    room,
    to: input.to,
    priority: input.priority ?? 'normal',
    key: input.key,
    timestamp: clock.now(),
  };
}
