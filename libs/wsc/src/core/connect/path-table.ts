import { matchSegments, parsePattern, splitPath, type PathSegment } from './path-pattern.js';

/** One WebSocket endpoint. */
export interface Endpoint {
  /** For example `/ws` or `/v/:tenant`. */
  readonly pattern: string;
  /** What a client speaks that offers no subprotocol (PROTOCOL.md §1.1). */
  readonly defaultProtocol?: string;
}

/** The endpoint that a path leads to, with the values of its parameters (decoded; no prototype). */
export interface PathMatch {
  readonly endpoint: Endpoint;
  readonly params: Readonly<Record<string, string>>;
}

interface Row {
  readonly endpoint: Endpoint;
  readonly segments: readonly PathSegment[];
  /** Equal for patterns that match the same paths. Fixed text never starts with `:`. */
  readonly shape: string;
}

/** The endpoints of a hub. Fixed text wins over a parameter, whichever was added first. Case counts. */
export class PathTable {
  readonly #rows: Row[] = [];

  /** The patterns as they were given. */
  get patterns(): readonly string[] {
    return this.#rows.map((row) => row.endpoint.pattern);
  }

  /**
   * Adds an endpoint. The same pattern again answers the first one, unchanged.
   * @throws {Error} when the pattern can't be read, or matches what another one with other parameter names matches.
   */
  add(endpoint: Endpoint): Endpoint {
    const segments = parsePattern(endpoint.pattern);
    const shape = segments.map((segment) => ('text' in segment ? `/${segment.text}` : '/:')).join('');
    const same = this.#rows.find((row) => row.shape === shape);
    if (same) return firstOf(same, { endpoint, segments, shape });
    this.#rows.push({ endpoint, segments, shape });
    this.#rows.sort(bySpecificity);
    return endpoint;
  }

  /** Finds the endpoint of a path, given without its query. */
  match(path: string): PathMatch | undefined {
    if (!path.startsWith('/')) return undefined;
    const parts = splitPath(path);
    for (const { endpoint, segments } of this.#rows) {
      const params = matchSegments(segments, parts);
      if (params) return { endpoint, params };
    }
    return undefined;
  }
}

function firstOf(first: Row, second: Row): Endpoint {
  const [a, b] = [first, second].map((row) => JSON.stringify(row.segments));
  if (a === b) return first.endpoint;
  throw new Error(
    `"${first.endpoint.pattern}" and "${second.endpoint.pattern}" match the same paths: give their parameters the same names.`,
  );
}

/** Fixed text before a parameter at the first segment where two patterns differ in kind. */
function bySpecificity(a: Row, b: Row): number {
  for (const [index, segment] of a.segments.entries()) {
    const other = b.segments[index];
    if (!other) return 0;
    const difference = Number('param' in segment) - Number('param' in other);
    if (difference !== 0) return difference;
  }
  return 0;
}
