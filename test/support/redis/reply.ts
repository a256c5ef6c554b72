/** What Redis answers (RESP2). */
export type Reply = string | number | null | RedisReplyError | readonly Reply[];

/** An answer that is an error, or holds one; the message starts with Redis' code. */
export class RedisReplyError extends Error {
  override readonly name = 'RedisReplyError';
}

interface Parsed {
  readonly reply: Reply;
  /** Where the next reply starts. */
  readonly end: number;
}

function parseText(bytes: Buffer, start: number, length: number): Parsed | undefined {
  if (length === -1) return { reply: null, end: start };
  const end = start + length + 2;
  return end > bytes.length ? undefined : { reply: bytes.toString('utf8', start, start + length), end };
}

function parseList(bytes: Buffer, start: number, count: number): Parsed | undefined {
  if (count === -1) return { reply: null, end: start };
  const replies: Reply[] = [];
  let end = start;
  while (replies.length < count) {
    const parsed = parseReply(bytes, end);
    if (parsed === undefined) return undefined;
    replies.push(parsed.reply);
    end = parsed.end;
  }
  return { reply: replies, end };
}

/** Reads the reply that starts there; undefined where it is not complete yet. */
export function parseReply(bytes: Buffer, start: number): Parsed | undefined {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd === -1) return undefined;
  const kind = bytes.toString('latin1', start, start + 1);
  const line = bytes.toString('utf8', start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (kind) {
    case '+':
      return { reply: line, end };
    case '-':
      return { reply: new RedisReplyError(line), end };
    case ':':
      return { reply: Number(line), end };
    case '$':
      return parseText(bytes, end, Number(line));
    case '*':
      return parseList(bytes, end, Number(line));
    default:
      throw new Error(`Redis does not begin a reply with ${JSON.stringify(kind)}.`);
  }
}

/** A reply that must be text. */
export function text(reply: Reply | undefined): string {
  if (typeof reply !== 'string') throw new Error(`Expected text, got ${JSON.stringify(reply)}`);
  return reply;
}

/** A reply that must be a list. */
export function list(reply: Reply | undefined): readonly Reply[] {
  if (!Array.isArray(reply)) throw new Error(`Expected a list, got ${JSON.stringify(reply)}`);
  return reply as readonly Reply[];
}

/** A reply of names and values in turn, as Redis tells a hash. */
export function fields(reply: Reply | undefined): ReadonlyMap<string, string> {
  const words = list(reply).map(text);
  return new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ''] as const] : [])));
}

/** The lines `name:value` of `INFO` and `CLUSTER INFO`. */
export function infoFields(reply: Reply): ReadonlyMap<string, string> {
  const lines = text(reply).matchAll(/^([^:#\r\n]+):([^\r\n]*)/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, value]));
}
