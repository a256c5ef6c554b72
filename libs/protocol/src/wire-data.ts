import type { ErrorEnvelope, GoodbyeData, WelcomeData } from './envelopes.js';
import { optionalInteger, optionalString, requireBoolean, requireInteger, requireString } from './fields.js';
import type { WireObject } from './structure.js';

/** The data of `welcome` under its wire names (PROTOCOL.md §3.1); the same in every dialect. */
export function welcomeToWire(data: WelcomeData): WireObject {
  return {
    protocol: data.protocol,
    connection_id: data.connectionId,
    user_id: data.userId,
    device_id: data.deviceId,
    node_id: data.nodeId,
    session: data.session,
    ping_interval_ms: data.pingIntervalMs,
    max_message_bytes: data.maxMessageBytes,
    server_time: data.serverTime,
  };
}

/** @throws {DecodeError} WSC_INVALID_ENVELOPE */
export function welcomeFromWire(wire: WireObject): WelcomeData {
  const userId = optionalString(wire, 'user_id');
  return {
    protocol: requireString(wire, 'protocol'),
    connectionId: requireString(wire, 'connection_id'),
    ...(userId !== undefined && { userId }),
    deviceId: requireString(wire, 'device_id'),
    nodeId: requireString(wire, 'node_id'),
    session: requireString(wire, 'session'),
    pingIntervalMs: requireInteger(wire, 'ping_interval_ms'),
    maxMessageBytes: requireInteger(wire, 'max_message_bytes'),
    serverTime: requireInteger(wire, 'server_time'),
  };
}

/** The data of `goodbye` under its wire names (PROTOCOL.md §3.6); the same in every dialect. */
export function goodbyeToWire(data: GoodbyeData): WireObject {
  return { code: data.code, reason: data.reason, reconnect: data.reconnect, reconnect_in_ms: data.reconnectInMs };
}

/** @throws {DecodeError} WSC_INVALID_ENVELOPE */
export function goodbyeFromWire(wire: WireObject): GoodbyeData {
  const reconnectInMs = optionalInteger(wire, 'reconnect_in_ms');
  return {
    code: requireInteger(wire, 'code'),
    reason: requireString(wire, 'reason'),
    reconnect: requireBoolean(wire, 'reconnect'),
    ...(reconnectInMs !== undefined && { reconnectInMs }),
  };
}

/** What an error says, as the dialects nest it; `wsc.v1` has the same fields at the top of its `error` envelope. */
export function errorToWire(envelope: ErrorEnvelope): WireObject {
  return {
    code: envelope.code,
    error: envelope.error,
    message: envelope.message,
    details: envelope.details,
    retry_after_ms: envelope.retryAfterMs,
  };
}
