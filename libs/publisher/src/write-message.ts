import { requireMessage, WscError, type MessageInput } from '@nest-wsc/protocol';
import {
  clusterLimits,
  encodeClusterMessage,
  findMessageFault,
  type ClusterAudience,
} from '@nest-wsc/protocol/cluster';
import { v7 } from 'uuid';

/** A message as it goes to the gateways. */
export interface WrittenMessage {
  readonly id: string;
  readonly text: string;
}

/** What a message carries beside what the application said. */
export interface MessageAddress {
  readonly room?: string;
  readonly audience?: ClusterAudience;
}

/**
 * Completes what an application sends and writes it, as the gateways will read it.
 * @throws {TypeError} where the program itself is wrong: for what is no message, and for data that no gateway would take.
 * @throws {WscError} WSC_INVALID_NAME for an id and a key, which a program may have from outside; WSC_MESSAGE_TOO_LARGE.
 */
export function writeMessage(input: MessageInput, { room, audience }: MessageAddress = {}): WrittenMessage {
  requireMessage(input);
  const { event, data = null, id = v7(), from, fromName, to, priority = 'normal', key } = input;
  const message = { id, event, data, from, fromName, room, to, priority, key, timestamp: Date.now() };
  const text = encodeClusterMessage({ message, ...(audience !== undefined && { audience }) });
  if (Buffer.byteLength(text) > clusterLimits.maxMessageBytes) throw new WscError('WSC_MESSAGE_TOO_LARGE');
  // A gateway leaves out what it can't read, and nobody would hear of it.
  const fault = findMessageFault(text);
  if (fault !== undefined) throw new TypeError(`No gateway would take the message "${event}": ${fault}`);
  return { id, text };
}
