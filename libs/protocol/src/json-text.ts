import { DecodeError } from './codec.js';
import { isWireObject, type WireObject } from './structure.js';

// Fatal, since a replaced character would be a silent change of the message; a byte order mark is no JSON (RFC 8259 §8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses one JSON object out of a message.
 * The causes are left out of the errors on purpose: V8 quotes the text in a SyntaxError, and payloads don't belong in logs.
 *
 * @throws {DecodeError} WSC_INVALID_ENVELOPE where the bytes are not UTF-8, the text is not JSON, or the value is not an object.
 */
export function parseJsonObject(payload: string | Uint8Array): WireObject {
  const value = parseJson(typeof payload === 'string' ? payload : decodeUtf8(payload));
  if (isWireObject(value)) return value;
  throw new DecodeError('WSC_INVALID_ENVELOPE', { message: 'An envelope must be a JSON object.' });
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new DecodeError('WSC_INVALID_ENVELOPE', { message: 'The message is not valid UTF-8.' });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DecodeError('WSC_INVALID_ENVELOPE', { message: 'The message is not valid JSON.' });
  }
}
