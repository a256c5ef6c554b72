import { closeCodes, type CloseCode } from '@nest-wsc/protocol';

/** How long a closing handshake may take before the socket is cut. */
export const closeTimeoutMs = 2_000;

const invalidData: CloseCode = { code: 1007, reason: 'invalid data' };

/** What `ws` closes with for an error of its receiver; its own field for it is private. Everything else is 1002. */
const codesByError: ReadonlyMap<string, CloseCode> = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', closeCodes.messageTooLarge],
  // A length beyond what a number can say.
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', closeCodes.messageTooLarge],
  ['WS_ERR_INVALID_UTF8', invalidData],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', { code: 1008, reason: 'too many fragments' }],
]);

/** The close code that a client got for breaking RFC 6455 or the size limit. */
export function codeOfProtocolError(error: Error): CloseCode {
  const name = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // zlib's own names: compressed bytes that are none.
  if (name.startsWith('Z_')) return invalidData;
  return codesByError.get(name) ?? { code: 1002, reason: 'protocol error' };
}
