import { randomBytes, randomUUID } from 'node:crypto';
import { v7 } from 'uuid';

/** A message id: UUIDv7 (RFC 9562 §5.7), so that ids sort by time. */
export function createMessageId(): string {
  return v7();
}

/** A connection id. Not a secret. */
export function createConnectionId(): string {
  return v7();
}

/** A device id for a client that named none. */
export function createDeviceId(): string {
  return randomUUID();
}

/** A session secret: 256 bits, base64url. */
export function createSession(): string {
  return randomBytes(32).toString('base64url');
}

const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const noTrace = '0'.repeat(32);

/** The trace id of a `traceparent` (W3C Trace Context §3.2), else a new one: 32 hexadecimal digits. */
export function traceIdFrom(traceparent: string | undefined): string {
  const traceId = traceparent === undefined ? undefined : traceparentPattern.exec(traceparent)?.[1];
  return traceId === undefined || traceId === noTrace ? randomUUID().replaceAll('-', '') : traceId;
}
