import { DecodeError } from '../codec.js';
import { parseJsonObject } from '../json-text.js';
import { clusterLimits, type ClusterMessage } from './cluster-message.js';
import { readClusterMessage } from './read-cluster-message.js';

const version = 1;

const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const colon = 0x3a;

/** What came in one payload. */
export interface DecodedBatch {
  /** The instance id of the node that published it; absent from publishers that are no nodes. */
  readonly from: string | undefined;
  /** In the order in which they were published. */
  readonly messages: readonly ClusterMessage[];
  /** Why messages, or all of it, could not be read; never with what was in them. Mostly empty. */
  readonly faults: readonly string[];
}

/** What every batch of this publisher starts with: by it a node knows its own again without parsing them. */
export function clusterBatchHead(from?: string): string {
  return `{"v":${String(version)},${from === undefined ? '' : `"from":${JSON.stringify(from)},`}"m":[`;
}

/**
 * Several messages to one channel as one payload, in their order.
 * @param head from {@link clusterBatchHead}
 * @param messages each from `encodeClusterMessage`
 */
export function encodeClusterBatch(head: string, messages: readonly string[]): string {
  return `${head}${messages.join(',')}]}`;
}

/**
 * Reads a payload from a channel, which anybody with access to Redis may have published. Never throws: what can't be read is told in
 * the answer, and one message that is wrong doesn't take the others with it. Of a later version nothing is read.
 */
export function decodeClusterBatch(payload: string | Uint8Array): DecodedBatch {
  if (payload.length > clusterLimits.maxBatchBytes) return refused('The batch is too large.');
  try {
    const wire = parseJsonObject(payload);
    if (wire['v'] !== version) return refused('The batch is of another version.');
    const { from, m: list } = wire;
    if (from !== undefined && typeof from !== 'string') return refused('"from" must be a text.');
    if (!isList(list) || list.length > clusterLimits.maxBatchMessages)
      return refused('"m" must be a list of messages.');
    return { from, ...readAll(list) };
  } catch (error) {
    return refused(reasonOf(error));
  }
}

/**
 * Why nodes would leave out a message that `encodeClusterMessage` wrote, undefined where they would not: for publishers, who would
 * never hear of it.
 */
export function findMessageFault(text: string): string | undefined {
  return decodeClusterBatch(encodeClusterBatch(clusterBatchHead(), [text])).faults[0];
}

/**
 * As {@link findMessageFault}, for a message whose names are known to be names: without reading it, as long as it is as flat as messages
 * are.
 * @param text from `encodeClusterMessage(clusterMessage)`
 */
export function findClusterMessageFault(
  { message, exceptConnectionId, ackTo }: ClusterMessage,
  text: string,
): string | undefined {
  const texts = [message.from, message.fromName, message.to, exceptConnectionId, ackTo];
  const isShort = texts.every((each) => each === undefined || each.length <= clusterLimits.maxTextLength);
  return isShort && isFlat(text) ? undefined : findMessageFault(text);
}

/** Answers true only for what is within the limits; brackets and colons within texts count too. */
function isFlat(text: string): boolean {
  if (text.length <= clusterLimits.maxDepth) return true;
  let depth = 0;
  let keys = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case openBrace:
      case openBracket:
        depth += 1;
        if (depth > clusterLimits.maxDepth) return false;
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        break;
      case colon:
        keys += 1;
    }
  }
  return keys <= clusterLimits.maxKeys;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function readAll(list: readonly unknown[]): Pick<DecodedBatch, 'messages' | 'faults'> {
  const messages: ClusterMessage[] = [];
  const faults: string[] = [];
  for (const value of list) {
    try {
      messages.push(readClusterMessage(value));
    } catch (error) {
      faults.push(reasonOf(error));
    }
  }
  return { messages, faults };
}

function refused(fault: string): DecodedBatch {
  return { from: undefined, messages: [], faults: [fault] };
}

/** Only what this package says: a reason of the engine may quote the payload. */
function reasonOf(error: unknown): string {
  return error instanceof DecodeError ? error.message : 'The batch could not be read.';
}
