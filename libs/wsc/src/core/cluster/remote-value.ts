import { isErrorName, WscError, type ErrorName } from '@nest-wsc/protocol';
import type { DeliveryCount } from '../ports/broker.js';
import type { HubStats } from '../stats.js';

/** What a node answers that could not do what it was asked. */
export interface RemoteFailure {
  readonly error: ErrorName;
  readonly message: string;
}

/** The failure that another node answered with, as an error here. */
export function failureIn(value: unknown): WscError | undefined {
  if (typeof value !== 'object' || value === null || !('error' in value) || !isErrorName(value.error)) return undefined;
  const message = 'message' in value && typeof value.message === 'string' ? value.message : undefined;
  return new WscError(value.error, { message });
}

/** What another node did with a message; undefined where it has not the connection. */
export function deliveryIn(value: unknown): DeliveryCount | undefined {
  if (typeof value !== 'object' || value === null || !('queued' in value) || !('dropped' in value)) return undefined;
  const { queued, dropped } = value;
  return typeof queued === 'number' && typeof dropped === 'number' ? { queued, dropped } : undefined;
}

/** The stats of another node, which may be of another version: those that have every field of ours. */
export function statsIn(value: unknown, own: HubStats): HubStats | undefined {
  return hasFieldsOf(value, own) ? value : undefined;
}

function hasFieldsOf(value: unknown, own: HubStats): value is HubStats {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(own).every(([name, known]) => typeof fields.get(name) === typeof known);
}
