import { WscError } from '@nest-wsc/protocol';

const maxKeyLength = 256;
const keyPattern = /^\P{C}+$/u;

/** The key of a message (`backpressure: 'latest-only'`): room for a prefix and a user id. @throws {WscError} WSC_INVALID_NAME */
export function parseMessageKey(value: unknown): string {
  if (typeof value === 'string' && value.length <= maxKeyLength && keyPattern.test(value)) return value;
  throw new WscError('WSC_INVALID_NAME', {
    message: `"key" must be a string of 1 to ${String(maxKeyLength)} printable characters`,
  });
}
