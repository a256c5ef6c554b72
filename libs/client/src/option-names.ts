import type { QueueOptions } from './offline-queue.js';
import type { ReconnectOptions, WscClientOptions } from './options.js';
import { readKey } from './read-key.js';

// The compiler holds these complete.
const optionNames = {
  url: true,
  token: true,
  connectToken: true,
  deviceId: true,
  requestTimeoutMs: true,
  connectTimeoutMs: true,
  pingIntervalMs: true,
  pongTimeoutMs: true,
  reconnect: true,
  queue: true,
  recentIdsCount: true,
  positions: true,
  codec: true,
  createSocket: true,
  fetch: true,
  page: true,
  scheduler: true,
  random: true,
} satisfies Record<keyof WscClientOptions, true>;

const reconnectNames = {
  enabled: true,
  baseMs: true,
  capMs: true,
  stableAfterMs: true,
  maxAttempts: true,
} satisfies Record<keyof ReconnectOptions, true>;

const queueNames = { maxMessages: true, maxBytes: true, policy: true } satisfies Record<keyof QueueOptions, true>;

/**
 * Finds what a compiler would have found, for programs that have none.
 * @throws {TypeError} where there are no options, or one that does not exist
 */
export function checkOptionNames(options: WscClientOptions): void {
  requireObject(options, 'the options of WscClient', ' with `url`; createClient(url) takes a URL alone');
  requireKnown(options, optionNames, '');
  const { reconnect, queue, positions } = options;
  if (reconnect !== undefined) {
    requireObject(reconnect, '`reconnect`');
    requireKnown(reconnect, reconnectNames, 'reconnect.');
  }
  if (queue !== undefined) {
    requireObject(queue, '`queue`');
    requireKnown(queue, queueNames, 'queue.');
  }
  for (const name of ['load', 'save']) {
    if (positions === undefined || typeof readKey(positions, name) === 'function') continue;
    throw new TypeError(
      `Expected \`positions\` to be an object with \`load\` and \`save\`, got no function \`${name}\``,
    );
  }
}

function requireObject(value: unknown, what: string, hint = ''): void {
  if (typeof value === 'object' && value !== null) return;
  throw new TypeError(`Expected ${what} to be an object${hint}, got ${String(value)} (${typeof value})`);
}

function requireKnown(options: object, known: object, prefix: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const names = Object.keys(known).map((one) => `${prefix}${one}`);
    throw new TypeError(`Expected an option of WscClient (${names.join(', ')}), got "${prefix}${name}"`);
  }
}
