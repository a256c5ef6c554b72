import { randomBytes, randomUUID } from 'node:crypto';
import { isTraceparent } from '@nest-wsc/protocol';
import { v7 } from 'uuid';

/** A message id: UUIDv7 (RFC 9562 §5.7), so that ids sort by time. */
export function createMessageId(): string {
  return v7();
}

/** A connection id. Not a secret. */
export function createConnectionId(): string {
  return v7();
}

/** What a node is called among the others until it starts anew. */
export function createInstanceId(nodeId: string): string {
  return `${nodeId}.${randomBytes(4).toString('hex')}`;
}

/** What the ids begin with that the server makes (PROTOCOL.md §1.3). */
const madeDevicePrefix = 'unnamed.';

/** A device id for a client that named none. */
export function createDeviceId(): string {
  return `${madeDevicePrefix}${randomUUID()}`;
}

/** Whether a server has made it: a client that gives it again has still named none. */
export function isMadeDeviceId(deviceId: string): boolean {
  return deviceId.startsWith(madeDevicePrefix);
}

const sessionBytes = 32;
/** Made at a time: in a reconnect storm, asking for random bytes is a part of each connect that can be seen. Each byte is used once. */
const sessionsAtOnce = 64;
let sessionPool = Buffer.alloc(0);
let nextSession = 0;

/** A session secret: 256 bits, base64url. */
export function createSession(): string {
  if (nextSession === sessionPool.length) {
    sessionPool = randomBytes(sessionBytes * sessionsAtOnce);
    nextSession = 0;
  }
  nextSession += sessionBytes;
  return sessionPool.toString('base64url', nextSession - sessionBytes, nextSession);
}

/** The trace id of a `traceparent` (W3C Trace Context §3.2), else a new one: 32 hexadecimal digits. */
export function traceIdFrom(traceparent: string | undefined): string {
  // Behind the version, which has two digits, and a dash.
  return isTraceparent(traceparent) ? traceparent.slice(3, 35) : createTraceId();
}

const traceIdLength = 32;
/** Made at a time: each message has one, and asking for random bytes costs more than the rest of it. */
const traceIdsAtOnce = 128;
let traceIds = '';
let nextTraceId = 0;

function createTraceId(): string {
  if (nextTraceId === traceIds.length) {
    traceIds = randomBytes((traceIdLength / 2) * traceIdsAtOnce).toString('hex');
    nextTraceId = 0;
  }
  nextTraceId += traceIdLength;
  return traceIds.slice(nextTraceId - traceIdLength, nextTraceId);
}
