import { createHash } from 'node:crypto';

/**
 * Names the content of a request, so that one id can't stand for two different requests. The order of keys counts: who sends a
 * request again sends the same text.
 * @throws {TypeError} for data that JSON can't write.
 */
export function fingerprintOf(event: string, data: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([event, data]))
    .digest('base64url');
}
