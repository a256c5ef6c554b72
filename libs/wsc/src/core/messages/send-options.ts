import { describeValue, WscError } from '@nest-wsc/protocol';
import { parseInteger } from '../limits/parse-integer.js';
import type { InboxWrite } from '../ports/inbox.js';

const longestTimeToLiveMs = 30 * 24 * 60 * 60 * 1000;

/** Who of those that are addressed is left out. */
export interface SendOptions {
  /** A connection that must not hear it: the sender's own. */
  readonly exceptConnectionId?: string;
}

/** How a message to a room is sent. */
export interface RoomSendOptions extends SendOptions {
  /**
   * In rooms with history only: not stored, and heard by nobody, unless it is above the version of every message with the same `key` so
   * far. A whole number from 0, for example a revision of a database.
   */
  readonly version?: number;
}

/** How a message to a user is sent. */
export interface UserSendOptions extends SendOptions {
  /**
   * Kept in the user's inbox until each of the user's known devices has acknowledged it, or its time is up. Not together with
   * `exceptConnectionId`. @default false
   */
  readonly durable?: boolean;
  /** How long a durable message is kept; 1..2_592_000_000 (30 days). Only with `durable`. @default 604_800_000 (7 days) */
  readonly timeToLiveMs?: number;
}

/** How a message is stored in the history of a room. */
export interface StreamSend extends RoomSendOptions {
  readonly room: string;
  /** Sends with the same key are one. */
  readonly onceKey: string | undefined;
}

/** @throws {WscError} WSC_VALIDATION_FAILED for options of durable messages where it is none */
export function refuseInboxOptions({ timeToLiveMs }: UserSendOptions): void {
  if (timeToLiveMs !== undefined) throw invalid('`timeToLiveMs` is of durable messages: it needs `durable: true`.');
}

/** @throws {WscError} WSC_VALIDATION_FAILED */
export function parseInboxOptions({ exceptConnectionId, timeToLiveMs }: UserSendOptions): Omit<InboxWrite, 'message'> {
  if (exceptConnectionId !== undefined) {
    throw invalid('A durable message is for every device: `durable` and `exceptConnectionId` can not be together.');
  }
  if (timeToLiveMs === undefined) return {};
  return { timeToLiveMs: parseInteger('timeToLiveMs', timeToLiveMs, { min: 1, max: longestTimeToLiveMs }) };
}

/** @throws {WscError} WSC_VALIDATION_FAILED for options of rooms with history where it has none */
export function refuseHistoryOptions({ version }: RoomSendOptions): void {
  if (version !== undefined) throw invalid('`version` needs a room whose namespace has `history`.');
}

/** @throws {WscError} WSC_VALIDATION_FAILED */
export function parseVersion(version: number): number {
  if (Number.isSafeInteger(version) && version >= 0) return version;
  throw invalid(`Expected \`version\` to be a whole number from 0, got ${describeValue(version)}`);
}

const invalid = (message: string): WscError => new WscError('WSC_VALIDATION_FAILED', { message });
