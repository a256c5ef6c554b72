import { describeValue } from './describe-value.js';
import { isName, nameRule, parseId, parseMessageKey } from './names.js';

/** Which of a connection's two lanes a message takes. High goes first at each flush; order is promised per lane. */
export type Priority = 'normal' | 'high';

/** What an application sends: an event name and data, with what it wants done. */
export interface MessageInput {
  /** 1..128 of `A-Za-z0-9_.:-`. */
  readonly event: string;
  /** Anything that JSON can write. */
  readonly data?: unknown;
  /** 1..64 characters; made by the sender (UUIDv7) when absent. */
  readonly id?: string;
  /** The sender's user id; absent for the application itself. */
  readonly from?: string;
  readonly fromName?: string;
  /** The addressed user of a message between clients. */
  readonly to?: string;
  /** @default 'normal' */
  readonly priority?: Priority;
  /**
   * What it is about, for rooms with `backpressure: 'latest-only'`: a newer message supersedes a queued one with the same key. 1..256
   * printable characters; never on the wire. @default the event name
   */
  readonly key?: string;
}

/** Data of the event `notification` (PROTOCOL.md §4). */
export interface Notification {
  readonly title: string;
  readonly body: string;
  readonly icon?: string;
  /** Where a click leads. */
  readonly link?: string;
  readonly category?: string;
  readonly data?: unknown;
}

/** Data of the event `data_update` (PROTOCOL.md §4). */
export interface DataUpdate {
  /** What kind of thing has changed, for example `order`. */
  readonly entity: string;
  /** For example `created`, `updated`, `deleted`. */
  readonly action: string;
  readonly id: string | number;
  readonly data?: unknown;
}

/**
 * Refuses what no program may send, before it is on its way.
 * @throws {TypeError} where the program itself is wrong: for what is no message, for its event and its priority. It is logged, and
 *   no client that caused the send is blamed for it.
 * @throws {WscError} WSC_INVALID_NAME for an id and a key, which a program may have from a client.
 */
export function requireMessage(input: MessageInput): void {
  requireObject(input);
  requireEvent(input.event);
  if (input.id !== undefined) parseId(input.id);
  requirePriority(input.priority ?? 'normal');
  if (input.key !== undefined) parseMessageKey(input.key);
}

function requireObject(input: unknown): void {
  if (typeof input === 'object' && input !== null) return;
  throw new TypeError(`Expected a message such as { event: 'price', data: 42 }, got ${describeValue(input)}.`);
}

function requireEvent(event: unknown): void {
  if (isName(event)) return;
  // Who comes from a bare socket hands over text that is written already.
  const isJson = typeof event === 'string' && /^\s*[{[]/.test(event);
  const advice = isJson ? ' that looks like JSON: call send(event, data), it writes the JSON itself.' : '.';
  throw new TypeError(`Expected the event of a message to be ${nameRule}, got ${describeValue(event)}${advice}`);
}

function requirePriority(priority: unknown): void {
  if (priority === 'normal' || priority === 'high') return;
  const got = typeof priority === 'string' ? JSON.stringify(priority.slice(0, 20)) : describeValue(priority);
  throw new TypeError(`Expected the priority of a message to be 'normal' or 'high', got ${got}.`);
}
