import { DecodeError } from './codec.js';
import { isWireObject, type WireObject } from './structure.js';

/** Lets a parser add optional fields one by one to what it hands out as readonly. */
export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

function fault(field: string, expected: string): DecodeError {
  return new DecodeError('WSC_INVALID_ENVELOPE', { message: `"${field}" must be ${expected}.` });
}

/** @throws {DecodeError} WSC_INVALID_ENVELOPE */
export function requireString(wire: WireObject, field: string): string {
  const value = wire[field];
  if (typeof value === 'string') return value;
  throw fault(field, 'a string');
}

/** @throws {DecodeError} WSC_INVALID_ENVELOPE where the field is there and no string. */
export function optionalString(wire: WireObject, field: string): string | undefined {
  return wire[field] === undefined ? undefined : requireString(wire, field);
}

/** @throws {DecodeError} WSC_INVALID_ENVELOPE */
export function requireInteger(wire: WireObject, field: string): number {
  const value = wire[field];
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw fault(field, 'an integer');
}

/** @throws {DecodeError} WSC_INVALID_ENVELOPE where the field is there and no integer. */
export function optionalInteger(wire: WireObject, field: string): number | undefined {
  return wire[field] === undefined ? undefined : requireInteger(wire, field);
}

/** @throws {DecodeError} WSC_INVALID_ENVELOPE */
export function requireBoolean(wire: WireObject, field: string): boolean {
  const value = wire[field];
  if (typeof value === 'boolean') return value;
  throw fault(field, 'a boolean');
}

/** @throws {DecodeError} WSC_INVALID_ENVELOPE */
export function requireObject(wire: WireObject, field: string): WireObject {
  const value = wire[field];
  if (isWireObject(value)) return value;
  throw fault(field, 'an object');
}
