import { WscError } from '@nest-wsc/protocol';
import { isPromiseLike } from '../async/maybe-promise.js';

/** What is used of Standard Schema v1 (standardschema.dev), which zod, valibot, arktype and joi implement. */
export interface StandardSchemaV1 {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult | Promise<SchemaResult>;
  };
}

/** What a schema makes of a value. */
export type SchemaResult =
  { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The value as the schema gives it back; synchronous where the schema is.
 * @throws {WscError} WSC_VALIDATION_FAILED, `details` an object of field → reasons.
 */
export function validateWith(schema: StandardSchemaV1, value: unknown): unknown {
  const result = schema['~standard'].validate(value);
  return isPromiseLike(result) ? result.then(unwrap) : unwrap(result);
}

function unwrap(result: SchemaResult): unknown {
  if (result.issues === undefined) return result.value;
  const details = new Map<string, string[]>();
  for (const issue of result.issues) {
    const field = fieldOf(issue);
    details.set(field, [...(details.get(field) ?? []), issue.message]);
  }
  throw new WscError('WSC_VALIDATION_FAILED', { details: Object.fromEntries(details) });
}

function fieldOf({ path }: SchemaIssue): string {
  if (path === undefined || path.length === 0) return 'data';
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}
