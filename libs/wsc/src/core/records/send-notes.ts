import { WscError } from '@nest-wsc/protocol';
import type { AckOutcome } from '../messages/acked-send.js';
import type { Acknowledgement } from '../messages/acknowledgement.js';
import type { OutboundMessage } from '../messages/message.js';
import type { NewNote } from './record-keeper.js';

/** Of a message that an inbox has taken. */
export function keptNote({ id, timestamp }: OutboundMessage, expiresAt: number): NewNote {
  return { id, status: 'queued', queuedAt: timestamp, expiresAt };
}

/** Of a message that an inbox has not taken; undefined where it may have. */
export function refusalNote(message: OutboundMessage, error: unknown): NewNote | undefined {
  const { id, timestamp } = message;
  const isKnown = error instanceof WscError;
  if (isKnown && error.error === 'WSC_TIMEOUT') return undefined;
  const reason = isKnown ? `${error.error}: ${error.message}` : 'WSC_INTERNAL';
  return { id, status: 'failed', queuedAt: timestamp, reason, message };
}

/** Of a message that a device has. */
export function ackedNote({ messageId, deviceId }: Acknowledgement): NewNote {
  return { id: messageId, status: 'acked', deviceId };
}

/** Of an acked send that nothing keeps. What a durable one comes to is noted where it is given and acknowledged. */
export function outcomeNote(message: OutboundMessage, outcome: AckOutcome): NewNote | undefined {
  const { attempts } = outcome;
  const base = { id: message.id, queuedAt: message.timestamp, attempts };
  switch (outcome.status) {
    case 'acked':
      return { ...base, status: 'acked', ...(outcome.deviceId !== undefined && { deviceId: outcome.deviceId }) };
    case 'unknown':
      return { ...base, status: 'sent', reason: outcome.reason };
    case 'failed':
      return { ...base, status: 'failed', reason: outcome.reason, message };
    case 'stored':
      return undefined;
  }
}
