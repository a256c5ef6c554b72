import { WscError } from '@nest-wsc/protocol';
import {
  clusterBatchHead,
  clusterLimits,
  decodeClusterBatch,
  encodeClusterBatch,
  encodeClusterMessage,
  findMessageFault,
  type ClusterMessage,
} from '@nest-wsc/protocol/cluster';
import { cannotWrite } from '../../core/messages/delivery.js';

/** Of no node, so that each one reads it, the one that writes too. */
export const keptBatchHead = clusterBatchHead();

/**
 * A message as a store keeps it, and as it goes out to the nodes once its place is known.
 * @throws {WscError} WSC_MESSAGE_TOO_LARGE; WSC_INTERNAL for data that JSON can't write, or that nodes would not read: what nobody can
 *   read must not count as kept.
 */
export function keptMessageText(clusterMessage: ClusterMessage): string {
  const { event } = clusterMessage.message;
  let text: string;
  try {
    text = encodeClusterMessage(clusterMessage);
  } catch (cause) {
    throw cannotWrite(event, cause);
  }
  if (Buffer.byteLength(text) > clusterLimits.maxMessageBytes) throw new WscError('WSC_MESSAGE_TOO_LARGE');
  const fault = findMessageFault(text);
  if (fault !== undefined) throw cannotWrite(event, new Error(fault));
  return text;
}

/** Undefined for what this library does not write. */
export function parseKeptMessage(text: string): ClusterMessage | undefined {
  return decodeClusterBatch(encodeClusterBatch(keptBatchHead, [text])).messages[0];
}
