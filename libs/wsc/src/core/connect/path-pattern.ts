/** One part of a pattern between slashes: fixed text, or the name of a parameter. */
export type PathSegment = { readonly text: string } | { readonly param: string };

const paramName = /^[A-Za-z_][A-Za-z0-9_]*$/;
// RFC 3986 §3.3, without percent-encoding: a pattern is compared with the path as it came.
const segmentText = /^[A-Za-z0-9._~!$&'()*+,;=:@-]+$/;
const maxParamLength = 128;
/** One for all paths without parameters: every connection keeps its own. */
const noParams = Object.freeze(createParams());

/**
 * Takes a pattern such as `/v/:tenant` apart. A slash at the end means nothing.
 * @throws {Error} that says what is wrong with it.
 */
export function parsePattern(pattern: string): readonly PathSegment[] {
  if (!pattern.startsWith('/')) throw invalid(pattern, 'it must start with "/"');
  const segments = splitPath(pattern).map((part) => parseSegment(pattern, part));
  const params = segments.flatMap((segment) => ('param' in segment ? [segment.param] : []));
  const twice = params.find((param, index) => params.indexOf(param) !== index);
  if (twice !== undefined) throw invalid(pattern, `":${twice}" stands in it twice`);
  return segments;
}

/** The parts of a path between slashes; none for `/`. A slash at the end means nothing. */
export function splitPath(path: string): readonly string[] {
  if (path === '/') return [];
  return path.slice(1, path.endsWith('/') ? -1 : undefined).split('/');
}

/** The parameters of a path, decoded; undefined when the pattern does not match. */
export function matchSegments(
  segments: readonly PathSegment[],
  parts: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (segments.length !== parts.length) return undefined;
  const params = segments.some(isParam) ? createParams() : noParams;
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    if ('text' in segment) {
      if (segment.text !== part) return undefined;
    } else {
      const value = decodeParam(part);
      if (value === undefined) return undefined;
      params[segment.param] = value;
    }
  }
  return params;
}

function isParam(segment: PathSegment): boolean {
  return 'param' in segment;
}

function createParams(): Record<string, string> {
  const params = {};
  // So that `__proto__` and `constructor` are ordinary names here.
  Object.setPrototypeOf(params, null);
  return params;
}

function parseSegment(pattern: string, part: string): PathSegment {
  if (part === '') throw invalid(pattern, 'it has an empty segment');
  if (!part.startsWith(':')) {
    if (segmentText.test(part)) return { text: part };
    throw invalid(pattern, `"${part}" has characters that are not allowed in a path`);
  }
  const param = part.slice(1);
  if (paramName.test(param)) return { param };
  throw invalid(pattern, `"${part}" is no parameter: its name must be letters, digits and _`);
}

function decodeParam(part: string): string | undefined {
  try {
    const value = decodeURIComponent(part);
    return value.length > 0 && value.length <= maxParamLength ? value : undefined;
  } catch {
    return undefined;
  }
}

function invalid(pattern: string, why: string): Error {
  return new Error(`"${pattern}" is not a path pattern: ${why}.`);
}
