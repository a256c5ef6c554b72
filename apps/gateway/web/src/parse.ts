/** An object whose fields nobody has looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; none for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Parsed JSON, or undefined for what is none. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** What a message says: its text where it has one, else its data as JSON. Anybody may send any data. */
export function sayingOf(data: unknown): string {
  if (typeof data === 'string') return data;
  const { text } = fieldsOf(data);
  if (typeof text === 'string') return text;
  return data === undefined ? '' : JSON.stringify(data);
}

/** An address that is safe to be a link: here, or by http(s). */
export function safeLink(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === '' || !URL.canParse(text, location.href)) return undefined;
  const { protocol } = new URL(text, location.href);
  return protocol === 'https:' || protocol === 'http:' ? text : undefined;
}
