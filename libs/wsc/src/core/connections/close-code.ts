import { closeCodes, describeValue, WscError, type CloseCode, type CloseCodeName } from '@nest-wsc/protocol';

/** A control frame holds 125 bytes, of which the code takes two (RFC 6455 §5.5). */
const maxReasonBytes = 123;

/**
 * The code of a name, or an application's own code where it can go on the wire.
 * @throws {TypeError} for what is neither a name nor `{ code, reason }`: no value from outside makes a right program ask so.
 * @throws {WscError} WSC_VALIDATION_FAILED for a code that must not be sent (RFC 6455 §7.4), or a reason over 123 bytes of UTF-8.
 */
export function parseCloseCode(how: CloseCodeName | CloseCode): CloseCode {
  if (typeof how === 'string') return codeNamed(how);
  const { code, reason } = requireCode(how);
  if (!isSendable(code))
    throw invalid('code', `Expected a close code of 1000–1003, 1007–1014 or 3000–4999, got ${String(code)}.`);
  const bytes = Buffer.byteLength(reason);
  if (bytes > maxReasonBytes)
    throw invalid('reason', `Expected a close reason of at most ${maxReasonBytes} bytes of UTF-8, got ${bytes}.`);
  // A copy: it may be sent later than its owner changes it.
  return { code, reason };
}

function codeNamed(name: CloseCodeName): CloseCode {
  if (Object.hasOwn(closeCodes, name)) return closeCodes[name];
  throw new TypeError(
    `There is no close code named ${JSON.stringify(name)}: pass a name such as 'kicked', or { code, reason }.`,
  );
}

function requireCode(how: unknown): CloseCode {
  if (isCloseCode(how)) return how;
  throw new TypeError(
    `Expected how to close to be a name such as 'kicked', or { code, reason } with a number and a text, got ${describeValue(how)}.`,
  );
}

function isCloseCode(how: unknown): how is CloseCode {
  if (typeof how !== 'object' || how === null || !('code' in how) || !('reason' in how)) return false;
  return typeof how.code === 'number' && typeof how.reason === 'string';
}

/** 1004 is reserved; 1005, 1006 and 1015 only say what happened. */
function isSendable(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

function invalid(field: string, message: string): WscError {
  return new WscError('WSC_VALIDATION_FAILED', { message, details: { [field]: [message] } });
}
