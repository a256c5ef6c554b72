import { WscError } from '@nest-wsc/protocol';

/** The value of an option, where it is a whole number within its range. @throws {WscError} WSC_VALIDATION_FAILED */
export function parseInteger(
  name: string,
  value: number,
  range: { readonly min: number; readonly max: number },
): number {
  const { min, max } = range;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new WscError('WSC_VALIDATION_FAILED', {
    message: `Expected \`${name}\` to be an integer from ${min} to ${max}, got ${String(value)}`,
  });
}
