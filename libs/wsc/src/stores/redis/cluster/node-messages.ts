import type { ClusterNotice, ClusterRequest } from '../../../core/ports/cluster.js';
import { isWireObject, type WireObject } from '../../shared/wire-object.js';
import { parseRequest } from './parse-request.js';

/** What nodes say to each other, on the channel of the one that it is for. */
export type NodeMessage =
  | { readonly kind: 'question'; readonly id: number; readonly request: ClusterRequest }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'notice'; readonly notice: ClusterNotice }
  /** The registry has changed: look now. */
  | { readonly kind: 'changed' };

/** A message, and the instance that it is from. */
export interface Received {
  readonly from: string;
  readonly message: NodeMessage;
}

/** Nodes of different versions meet in every rolling restart. */
const version = 1;
/** No node says more at once; the largest question is to send one message. */
const maxPayloadBytes = 32 * 1024 * 1024;

/** @throws {TypeError} for data that JSON can't write. */
export function encodeNodeMessage(from: string, message: NodeMessage): string {
  return JSON.stringify({ v: version, from, ...message });
}

/** Undefined for what this version can't read, whoever wrote it. Never throws. */
export function parseNodeMessage(payload: Buffer): Received | undefined {
  if (payload.length > maxPayloadBytes) return undefined;
  const wire = parseJson(payload);
  if (!isWireObject(wire) || wire['v'] !== version || typeof wire['from'] !== 'string') return undefined;
  const message = parseMessage(wire);
  return message === undefined ? undefined : { from: wire['from'], message };
}

function parseMessage(wire: WireObject): NodeMessage | undefined {
  const { id, kind } = wire;
  if (kind === 'changed') return { kind };
  if (kind === 'notice') {
    const notice = parseNotice(wire['notice']);
    return notice && { kind, notice };
  }
  if (typeof id !== 'number') return undefined;
  if (kind === 'answer') return { kind, id, value: wire['value'] };
  if (kind !== 'question') return undefined;
  const request = parseRequest(wire['request']);
  return request && { kind, id, request };
}

function parseNotice(wire: unknown): ClusterNotice | undefined {
  if (!isWireObject(wire)) return undefined;
  const { kind, messageId, userId } = wire;
  if (typeof messageId !== 'string' || typeof userId !== 'string') return undefined;
  if (kind === 'acked') {
    const { deviceId, connectionId } = wire;
    if (typeof deviceId !== 'string' || typeof connectionId !== 'string') return undefined;
    return { kind, messageId, userId, deviceId, connectionId };
  }
  if (kind === 'handed') {
    const { attempt, queued, dropped } = wire;
    if (typeof attempt !== 'number' || typeof queued !== 'number' || typeof dropped !== 'number') return undefined;
    return { kind, messageId, userId, attempt, queued, dropped };
  }
  return undefined;
}

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
}
