import { jsonClientCodec, type ClientCodec } from '@nest-wsc/protocol';
import type { QueueOptions } from './offline-queue.js';
import { findPage, type Page } from './page-lifecycle.js';
import type { PositionStore } from './position-store.js';
import { systemScheduler, type Scheduler } from './scheduler.js';
import type { SocketFactory } from './socket.js';
import type { TokenOrProvider } from './token-source.js';
import { createPlatformSocket } from './web-socket-factory.js';

/** How the client comes back. */
export interface ReconnectOptions {
  /** `false`: the first failure stops the client. @default true */
  readonly enabled: boolean;
  /** Longest wait before the first retry, in milliseconds; doubles with each failure. @default 500 */
  readonly baseMs: number;
  /** Longest wait of all, in milliseconds. @default 30_000 */
  readonly capMs: number;
  /** A connection that has lasted this long, in milliseconds, makes earlier failures forgotten. @default 10_000 */
  readonly stableAfterMs: number;
  /** Failures in a row after which the client stops. `0` is no limit. @default 0 */
  readonly maxAttempts: number;
}

/** How a {@link WscClient} connects and behaves. Only `url` is needed. */
export interface WscClientOptions {
  /** Of the gateway: `wss:`, `ws:`, `https:` or `http:`; in a browser also relative to the page, for example `/ws`. */
  readonly url: string | URL;
  /** Bearer token, or where to get one before each attempt; `connect(token)` replaces it. */
  readonly token?: TokenOrProvider | undefined;
  /** One-time connect token for the URL, for platforms without subprotocols. A function, since each works once. */
  readonly connectToken?: TokenOrProvider | undefined;
  /**
   * Names this device, 1 to 128 of `A-Za-z0-9_.:-`. Keep it where the installation keeps its data, and durable messages wait a week for
   * this device. By default the server makes an id, which is kept while the client lives: then durable messages wait for all clients
   * of the user without a name as for one device, and for 5 minutes after the last of them was there.
   */
  readonly deviceId?: string | undefined;
  /** @default 10_000 */
  readonly requestTimeoutMs?: number | undefined;
  /** For each attempt, up to `welcome`. Less than a slow phone network needs only delays it. @default 15_000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Silence after which the client pings. `0` is off. @default what the server says, else 30_000 */
  readonly pingIntervalMs?: number | undefined;
  /** How long the answer to a ping may take before the connection counts as lost. @default 10_000 */
  readonly pongTimeoutMs?: number | undefined;
  readonly reconnect?: Partial<ReconnectOptions> | undefined;
  readonly queue?: Partial<QueueOptions> | undefined;
  /** How many message ids are remembered against duplicates. @default 1_000 */
  readonly recentIdsCount?: number | undefined;
  /** Keeps the client's positions in its rooms, so that the next client goes on there. @default none: they end with the client */
  readonly positions?: PositionStore | undefined;
  /** @default wsc.v1.json */
  readonly codec?: ClientCodec | undefined;
  /** @default the platform's WebSocket, else the package `ws` */
  readonly createSocket?: SocketFactory | undefined;
  /** Asks for the reason of a refused upgrade. @default the platform's fetch */
  readonly fetch?: typeof fetch | undefined;
  /** The page whose visibility and network are heeded. @default the page around it, if any */
  readonly page?: Page | undefined;
  /** @default setTimeout */
  readonly scheduler?: Scheduler | undefined;
  /** A number in [0, 1), for the jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** {@link WscClientOptions} with every default filled in. */
export interface ResolvedOptions {
  readonly url: URL;
  readonly token: TokenOrProvider | undefined;
  readonly connectToken: TokenOrProvider | undefined;
  readonly deviceId: string | undefined;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number | undefined;
  readonly pongTimeoutMs: number;
  readonly reconnect: ReconnectOptions;
  readonly queue: QueueOptions;
  readonly recentIdsCount: number;
  readonly positions: PositionStore | undefined;
  readonly codec: ClientCodec;
  readonly createSocket: SocketFactory;
  readonly fetch: typeof fetch | undefined;
  readonly page: Page | undefined;
  readonly scheduler: Scheduler;
  readonly random: () => number;
}

const reconnectDefaults: ReconnectOptions = {
  enabled: true,
  baseMs: 500,
  capMs: 30_000,
  stableAfterMs: 10_000,
  maxAttempts: 0,
};
const queueDefaults: QueueOptions = { maxMessages: 100, maxBytes: 1_048_576, policy: 'reject' };

/** @throws {TypeError} naming the option that is wrong, what was expected and what it got */
export function resolveClientOptions(options: WscClientOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    url: parseUrl(options.url),
    token: options.token,
    connectToken: options.connectToken,
    deviceId: options.deviceId,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 15_000,
    pingIntervalMs: options.pingIntervalMs,
    pongTimeoutMs: options.pongTimeoutMs ?? 10_000,
    reconnect: { ...reconnectDefaults, ...options.reconnect },
    queue: { ...queueDefaults, ...options.queue },
    recentIdsCount: options.recentIdsCount ?? 1_000,
    positions: options.positions,
    codec: options.codec ?? jsonClientCodec,
    createSocket: options.createSocket ?? createPlatformSocket,
    fetch: options.fetch ?? findFetch(),
    page: options.page ?? findPage(),
    scheduler: options.scheduler ?? systemScheduler,
    random: options.random ?? Math.random,
  };
  checkNumbers(resolved);
  return Object.freeze(resolved);
}

function checkNumbers(options: ResolvedOptions): void {
  const { requestTimeoutMs, connectTimeoutMs, pongTimeoutMs, recentIdsCount, reconnect, queue } = options;
  const { baseMs, capMs, stableAfterMs, maxAttempts } = reconnect;
  const numbers = {
    requestTimeoutMs,
    connectTimeoutMs,
    pongTimeoutMs,
    recentIdsCount,
    pingIntervalMs: options.pingIntervalMs ?? 0,
    'reconnect.baseMs': baseMs,
    'reconnect.capMs': capMs,
    'reconnect.stableAfterMs': stableAfterMs,
    'reconnect.maxAttempts': maxAttempts,
    'queue.maxMessages': queue.maxMessages,
    'queue.maxBytes': queue.maxBytes,
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new TypeError(`Expected \`${name}\` to be a number of at least 0, got ${String(value)} (${typeof value})`);
  }
}

const protocols: ReadonlyMap<string, string> = new Map([
  ['http:', 'ws:'],
  ['https:', 'wss:'],
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
]);

function parseUrl(value: string | URL): URL {
  const url = tryParseUrl(value);
  const protocol = protocols.get(url?.protocol ?? '');
  if (url === undefined || protocol === undefined) {
    throw new TypeError(
      `Expected \`url\` to be a ws:, wss:, http: or https: URL, got "${String(value)}" (${typeof value})`,
    );
  }
  url.protocol = protocol;
  // A WebSocket URL can't have one (RFC 6455 §3).
  url.hash = '';
  return url;
}

function tryParseUrl(value: string | URL): URL | undefined {
  try {
    return new URL(value, typeof location === 'undefined' ? undefined : location.href);
  } catch {
    return undefined;
  }
}

// Bound, since a browser's fetch refuses to be called on another object.
function findFetch(): typeof fetch | undefined {
  return typeof fetch === 'function' ? (...args) => fetch(...args) : undefined;
}
