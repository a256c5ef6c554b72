import { closeCodes, WscError, type CloseCode, type CloseCodeName } from '@nest-wsc/protocol';

/** A control frame holds 125 bytes, of which the code takes two (RFC 6455 §5.5). */
const maxReasonBytes = 123;

/**
 * The code of a name, or an application's own code where it can go on the wire.
 * @throws {WscError} WSC_VALIDATION_FAILED for an unknown name, a code that must not be sent (RFC 6455 §7.4), or a reason over
 *   123 bytes of UTF-8.
 */
export function parseCloseCode(how: CloseCodeName | CloseCode): CloseCode {
  if (typeof how === 'string') {
    if (Object.hasOwn(closeCodes, how)) return closeCodes[how];
    throw invalid('code', `There is no close code named ${JSON.stringify(how)}.`);
  }
  const { code, reason } = how;
  if (!isSendable(code))
    throw invalid('code', `Expected a close code of 1000–1003, 1007–1014 or 3000–4999, got ${String(code)}.`);
  if (typeof reason !== 'string') throw invalid('reason', `Expected a close reason that is a string.`);
  const bytes = Buffer.byteLength(reason);
  if (bytes > maxReasonBytes)
    throw invalid('reason', `Expected a close reason of at most ${maxReasonBytes} bytes of UTF-8, got ${bytes}.`);
  // A copy: it may be sent later than its owner changes it.
  return { code, reason };
}

/** 1004 is reserved; 1005, 1006 and 1015 only say what happened. */
function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

function invalid(field: string, message: string): WscError {
  return new WscError('WSC_VALIDATION_FAILED', { message, details: { [field]: [message] } });
}
