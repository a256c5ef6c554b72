import { isUserId } from '@nest-wsc/protocol';
import type { Principal } from '../../../core/connect/principal.js';
import { isWireObject } from '../../shared/wire-object.js';

/** A principal as JSON wrote it; undefined for anything else, which nobody may come in with. */
export function parsePrincipal(text: string): Principal | undefined {
  const wire = parseJson(text);
  if (!isWireObject(wire)) return undefined;
  const { userId, name, userType, claims, tokenId } = wire;
  // JSON writes null for the Infinity of a credential without an end.
  const expiresAt = wire['expiresAt'] ?? undefined;
  if (!isUserId(userId) || !isWireObject(claims)) return undefined;
  if (!isOptional('string', name) || !isOptional('string', userType) || !isOptional('string', tokenId))
    return undefined;
  if (!isOptional('number', expiresAt)) return undefined;
  return {
    userId,
    claims,
    ...(name !== undefined && { name }),
    ...(userType !== undefined && { userType }),
    ...(tokenId !== undefined && { tokenId }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

interface TypeByName {
  readonly string: string;
  readonly number: number;
}

function isOptional<K extends keyof TypeByName>(type: K, value: unknown): value is TypeByName[K] | undefined {
  return value === undefined || typeof value === type;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
