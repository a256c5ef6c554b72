/** Field → reasons, as `details` of WSC_VALIDATION_FAILED (PROTOCOL.md §7). A nested field is `a.b.0.c`. */
export type ValidationDetails = Readonly<Record<string, readonly string[]>>;

/** The field of reasons that name none. */
const wholeData = 'data';

// `StandardSchemaValidationPipe`: "path: reason".
const pathThenColon = /^([\w$-]+(?:\.[\w$-]+)*): (.+)$/s;
// class-validator's own texts behind `ValidationPipe`: "a.b.each value in c must be …", "a.property b should not exist".
const pathThenVerb =
  /^((?:[\w$-]+\.)*)(?:each value in )?(?:nested property |property )?([\w$-]+) (?:must|should|has|is|contains|does)\b/;

/**
 * Reads what a validation pipe put into its `BadRequestException`: a list of texts, or the groups of
 * `new ValidationPipe({ errorFormat: 'grouped' })`, which names the field of custom texts too. Undefined for anything else.
 */
export function parseValidationDetails(message: unknown): ValidationDetails | undefined {
  if (Array.isArray(message)) return message.length > 0 && message.every(isText) ? fromTexts(message) : undefined;
  return isGroups(message) ? message : undefined;
}

function fromTexts(texts: readonly string[]): ValidationDetails {
  const reasons = new Map<string, string[]>();
  for (const text of texts) {
    const { field, reason } = parseText(text);
    const known = reasons.get(field);
    if (known === undefined) reasons.set(field, [reason]);
    else known.push(reason);
  }
  return Object.fromEntries(reasons);
}

function parseText(text: string): { readonly field: string; readonly reason: string } {
  const verb = pathThenVerb.exec(text);
  if (verb?.[2] !== undefined) return { field: `${verb[1] ?? ''}${verb[2]}`, reason: text };
  const colon = pathThenColon.exec(text);
  if (colon?.[1] !== undefined && colon[2] !== undefined) return { field: colon[1], reason: colon[2] };
  return { field: wholeData, reason: text };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isGroups(value: unknown): value is ValidationDetails {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const groups: readonly unknown[] = Object.values(value);
  return groups.length > 0 && groups.every((group) => Array.isArray(group) && group.every(isText));
}
