import { defaultDecodeLimits } from '../codec.js';
import { isId, isName, isUserId } from '../names.js';
import { findStructureFault } from '../structure.js';

/** Longest data of an entry, in characters. */
const maxDataLength = 1_048_576;
const maxNameTextLength = 256;
/** What an inbox takes (30 days). */
const longestTimeToLiveMs = 2_592_000_000;

/** For whom an entry is. */
export type OpenEntryDestination =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'user'; readonly userId: string }
  | { readonly kind: 'room'; readonly room: string };

/** What a program without this protocol writes to the open stream, under one name for each field. */
export interface OpenEntry {
  readonly destination: OpenEntryDestination;
  readonly event: string;
  readonly data: unknown;
  readonly id: string | undefined;
  readonly from: string | undefined;
  readonly fromName: string | undefined;
  /** Kept in the user's inbox. */
  readonly isDurable: boolean;
  /** How long, where it is. */
  readonly timeToLiveMs: number | undefined;
}

/** What was written, or why it could not be read; never with what was in it. */
export type DecodedOpenEntry =
  { readonly ok: true; readonly entry: OpenEntry } | { readonly ok: false; readonly fault: string };

type Fields = ReadonlyMap<string, string>;

const fieldNames: readonly string[] = ['to', 'event', 'data', 'id', 'from', 'from_name', 'durable', 'ttl_ms'];

/**
 * Reads the fields of an entry of the open stream: names and values in turn. `to` is `user:<id>`, `room:<room>` or `all`, `data` is JSON,
 * `durable` is 0 or 1. A field that is not known is a fault: a misspelt `durable` must not lose a message in silence. Never throws.
 */
export function decodeOpenEntry(namesAndValues: readonly string[]): DecodedOpenEntry {
  try {
    return { ok: true, entry: readEntry(readFields(namesAndValues)) };
  } catch (error) {
    return { ok: false, fault: error instanceof EntryFault ? error.message : 'The entry could not be read.' };
  }
}

/** What is wrong with an entry, in words. */
class EntryFault extends Error {}

function readFields(namesAndValues: readonly string[]): Fields {
  const fields = new Map<string, string>();
  for (let index = 0; index < namesAndValues.length; index += 2) {
    const name = namesAndValues[index] ?? '';
    if (!fieldNames.includes(name)) throw new EntryFault(`Fields may be ${fieldNames.join(', ')}, and nothing else.`);
    if (fields.has(name)) throw new EntryFault(`"${name}" is there twice.`);
    fields.set(name, namesAndValues[index + 1] ?? '');
  }
  return fields;
}

function readEntry(fields: Fields): OpenEntry {
  const destination = readDestination(fields.get('to') ?? '');
  const isDurable = readDurable(fields);
  if (isDurable && destination.kind !== 'user') throw new EntryFault('"durable" is for users only.');
  const timeToLiveMs = readTimeToLive(fields);
  if (timeToLiveMs !== undefined && !isDurable) throw new EntryFault('"ttl_ms" is for durable messages only.');
  const event = fields.get('event');
  if (!isName(event)) throw new EntryFault('"event" must be the name of an event.');
  return {
    destination,
    event,
    data: readData(fields.get('data')),
    id: optional(fields, 'id', isId),
    from: optional(fields, 'from', isUserId),
    fromName: optional(fields, 'from_name', isNameText),
    isDurable,
    timeToLiveMs,
  };
}

function readDestination(to: string): OpenEntryDestination {
  if (to === 'all') return { kind: 'everyone' };
  const colon = to.indexOf(':');
  const [kind, name] = [to.slice(0, Math.max(0, colon)), to.slice(colon + 1)];
  if (kind === 'user' && isUserId(name)) return { kind, userId: name };
  if (kind === 'room' && isName(name)) return { kind, room: name };
  throw new EntryFault('"to" must be user:<id>, room:<room> or all.');
}

function readDurable(fields: Fields): boolean {
  const value = fields.get('durable') ?? '0';
  if (value === '0' || value === '1') return value === '1';
  throw new EntryFault('"durable" must be 0 or 1.');
}

function readTimeToLive(fields: Fields): number | undefined {
  const text = fields.get('ttl_ms');
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= longestTimeToLiveMs) return value;
  throw new EntryFault(`"ttl_ms" must be a whole number from 1 to ${String(longestTimeToLiveMs)}.`);
}

function readData(text: string | undefined): unknown {
  if (text === undefined) return null;
  if (text.length > maxDataLength) throw new EntryFault('"data" is too large.');
  const data = parseJson(text);
  // What it will be part of is looked at as a whole.
  const fault = findStructureFault({ data }, defaultDecodeLimits);
  if (fault !== undefined) throw new EntryFault('"data" nests too deep, has too many keys or a number out of range.');
  return data;
}

/** Without the cause: V8 quotes the text in it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EntryFault('"data" must be JSON.');
  }
}

function optional(fields: Fields, name: string, isGood: (value: string) => boolean): string | undefined {
  const value = fields.get(name);
  if (value === undefined || isGood(value)) return value;
  throw new EntryFault(`"${name}" is not allowed as it is.`);
}

function isNameText(value: string): boolean {
  return value.length <= maxNameTextLength;
}
