import { createRemoteJWKSet, customFetch, type FetchImplementation } from 'jose';
import type { JWTVerifyGetKey, RemoteJWKSet } from 'jose';
import type { Clock } from '../core/ports/clock.js';
import type { Logger } from '../core/ports/logger.js';

/** How the keys behind a JWKS URL are fetched. */
export interface RemoteKeySetOptions {
  /** http or https. Redirects are not followed. */
  readonly url: string;
  /** @default 5_000 */
  readonly timeoutMs?: number | undefined;
  /** After a fetch, before a token with an unknown key id may cause the next one. @default 30_000 */
  readonly cooldownMs?: number | undefined;
  /** After a failed fetch, before the next one; what needs it meanwhile is refused at once. @default 5_000 */
  readonly retryMs?: number | undefined;
  /** Older keys are fetched again, beside the tokens that they still check. @default 600_000 */
  readonly refreshMs?: number | undefined;
  /** Older keys are not used, so this is how long the identity provider may be away. @default 3_600_000 */
  readonly maxAgeMs?: number | undefined;
}

/** The keys could not be fetched, so a token can be neither accepted nor refused. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, cause?: unknown) {
    super('The JSON Web Key Set cannot be fetched.', cause === undefined ? undefined : { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

const maxKeySetBytes = 1024 * 1024;

/**
 * Public keys behind a URL. Promises: at most one fetch at a time, and after a failure none before `retryMs`, whatever
 * tokens are sent; keys that were fetched go on working while the URL is away, until `maxAgeMs`.
 */
export class RemoteKeySet {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #url: string;
  readonly #retryMs: number;
  readonly #refreshMs: number;
  readonly #keys: RemoteJWKSet;
  /** Both on the monotonic scale. */
  #fetchedAt = -Infinity;
  #failedAt = -Infinity;

  /** @throws {Error} when the URL is not one. */
  constructor(options: RemoteKeySetOptions, dependencies: { readonly clock: Clock; readonly logger: Logger }) {
    const url = parseUrl(options.url);
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#url = url.origin + url.pathname;
    this.#retryMs = options.retryMs ?? 5_000;
    this.#refreshMs = options.refreshMs ?? 600_000;
    this.#keys = createRemoteJWKSet(url, {
      timeoutDuration: options.timeoutMs ?? 5_000,
      cooldownDuration: options.cooldownMs ?? 30_000,
      cacheMaxAge: options.maxAgeMs ?? 3_600_000,
      [customFetch]: this.#fetch,
    });
  }

  /** Finds the key for a token's header, as `jwtVerify` asks for it. @throws {KeysUnavailableError} */
  readonly find: JWTVerifyGetKey = (header, token) => {
    if (this.#isDue() && !this.#keys.reloading) this.#keys.reload().catch(() => undefined); // logged by #fetch
    return this.#keys(header, token);
  };

  #isDue(): boolean {
    return this.#keys.fresh && this.#clock.monotonic() - this.#fetchedAt >= this.#refreshMs;
  }

  readonly #fetch: FetchImplementation = async (url, options) => {
    const waitMs = this.#failedAt + this.#retryMs - this.#clock.monotonic();
    if (waitMs > 0) throw new KeysUnavailableError(waitMs);
    try {
      const text = await readText(await fetch(url, options));
      requireKeySet(JSON.parse(text));
      this.#fetchedAt = this.#clock.monotonic();
      return new Response(text);
    } catch (cause) {
      this.#failedAt = this.#clock.monotonic();
      this.#logger.error('Cannot fetch the JSON Web Key Set.', { url: this.#url, cause });
      throw new KeysUnavailableError(this.#retryMs, cause);
    }
  };
}

async function readText(response: Response): Promise<string> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`Expected 200 OK, got ${String(response.status)}.`);
  }
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxKeySetBytes) throw new Error(`Expected a key set of at most ${String(maxKeySetBytes)} bytes.`);
  }
  return text + decoder.decode();
}

/** jose asks the same, but later, so that it would not count as a failed fetch. */
function requireKeySet(value: unknown): void {
  const isObject = (item: unknown): item is object => typeof item === 'object' && item !== null;
  if (isObject(value) && 'keys' in value && Array.isArray(value.keys) && value.keys.every(isObject)) return;
  throw new Error('Expected an object with a list of `keys` (RFC 7517 §5).');
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new Error(`Expected the JWKS URL to be an http or https URL, got ${JSON.stringify(text)}.`);
}
