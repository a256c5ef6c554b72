const wildcardPattern = /^(https?:\/\/)\*\.([^/*?#@\\\s]+)\/?$/i;
const webPattern = /^https?:\/\/[^/*?#@\\\s]+\/?$/i;
// For example capacitor://localhost and chrome-extension://<id>: browsers send them as they are.
const otherSchemePattern = /^[a-z][a-z0-9+.-]*:\/\/[^/*?#@\\\s]+$/i;

/** What one entry of an origin list stands for. */
export type OriginPattern =
  | { readonly kind: 'any' }
  | { readonly kind: 'same-origin' }
  /** As a browser writes it: scheme, host in ASCII, port where it is not the scheme's own. */
  | { readonly kind: 'exact'; readonly origin: string }
  | { readonly kind: 'wildcard'; readonly expression: RegExp };

/**
 * Reads one entry: an origin, an origin whose host begins with `*.`, `same-origin`, `null` or `*`.
 * @throws {Error} saying what was wrong with it.
 */
export function parseOriginPattern(text: string): OriginPattern {
  const entry = text.trim();
  if (entry === '*') return { kind: 'any' };
  if (entry === 'same-origin') return { kind: 'same-origin' };
  if (entry === 'null') return { kind: 'exact', origin: 'null' };
  const wildcard = wildcardPattern.exec(entry);
  const origin = wildcard ? serialize(`${wildcard[1] ?? ''}${wildcard[2] ?? ''}`) : parseExact(entry);
  if (origin === undefined) throw invalidPattern(text);
  return wildcard ? { kind: 'wildcard', expression: expressionFor(origin) } : { kind: 'exact', origin };
}

/** The origins that a page of the host in a `Host` header may have: its own name over http and https. */
export function originsOfHost(host: string): { readonly http: string | undefined; readonly https: string | undefined } {
  if (!webPattern.test(`http://${host}`)) return { http: undefined, https: undefined };
  return { http: serialize(`http://${host}`), https: serialize(`https://${host}`) };
}

function parseExact(entry: string): string | undefined {
  if (webPattern.test(entry)) return serialize(entry);
  if (/^(?:https?|wss?):/i.test(entry) || !otherSchemePattern.test(entry)) return undefined;
  return entry.toLowerCase();
}

/** Lower case, host in ASCII (IDN), without the scheme's own port. */
function serialize(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}

/** One or more whole labels stand for the `*`; scheme, the rest of the host and port are exact. */
function expressionFor(origin: string): RegExp {
  const [scheme = '', rest = ''] = origin.split('://');
  return new RegExp(`^${scheme}://(?:[a-z0-9_-]+\\.)+${rest.replaceAll(/[.[\]]/g, '\\$&')}$`);
}

function invalidPattern(text: string): Error {
  return new Error(
    'Expected each entry of `origins` to be an origin such as "https://app.example.com", "https://*.example.com" ' +
      `(the star is the first part of the host), "same-origin", "null" or "*", got ${JSON.stringify(text)}.`,
  );
}
