import { WscError } from '@nest-wsc/protocol';
import type { OpenEntry } from '@nest-wsc/protocol/cluster';
import { messageOf } from '../../../core/async/as-error.js';
import type { IngestedMessage, IngestListener } from '../../../core/ports/ingest.js';
import type { FaultLog } from '../fault-log.js';
import type { Lane } from './entry-lanes.js';
import type { OpenStream, RawEntry } from './open-stream.js';

/** What {@link handleEntry} works with. */
export interface EntryWork {
  readonly stream: OpenStream;
  readonly listener: IngestListener;
  readonly faults: FaultLog;
  /** What the stream is called. */
  readonly name: string;
  /** Whether this node may go on; what it has not done then is done by whoever reads next. */
  readonly mayGoOn: () => boolean;
  /** Waits before the so-manieth further attempt. */
  readonly backOff: (attempt: number) => Promise<void>;
}

/** How often a destination has no room, in a row, before what waits for it is moved aside. */
const maxRefusals = 8;

/** An entry that could be read. */
export interface ReadEntry {
  readonly raw: RawEntry;
  readonly entry: OpenEntry;
}

/** Sends an entry and settles it, or moves it aside. Tries for as long as `mayGoOn` where a store is away. Never rejects. */
export async function handleEntry(work: EntryWork, { raw, entry }: ReadEntry, lane: Lane): Promise<void> {
  const ingested = toIngested(raw, entry);
  for (let attempt = 1; work.mayGoOn(); attempt += 1) {
    try {
      const refusal = await attemptOnce(work, ingested, lane);
      if (refusal === undefined) await work.stream.settle(raw.id);
      else await moveAside(work, raw, refusal);
      return;
    } catch {
      // The store is away or full: what is known of it stands in the log of its connection.
      await work.backOff(attempt);
    }
  }
}

/** Moves aside what can't be sent. Rejects where Redis does not take it now. */
export async function moveAside({ stream, faults, name }: EntryWork, raw: RawEntry, reason: string): Promise<void> {
  await stream.reject(raw, reason);
  faults.note(name, reason);
}

/** Answers why it never can be sent; undefined: it is. @throws where that may change. */
async function attemptOnce(work: EntryWork, ingested: IngestedMessage, lane: Lane): Promise<string | undefined> {
  try {
    await sendOnce(work, ingested);
    lane.refusals = 0;
    return undefined;
  } catch (error) {
    if (!(error instanceof WscError)) return `WSC_INTERNAL: ${messageOf(error)}`;
    if (error.error === 'WSC_LIMIT_EXCEEDED') lane.refusals += 1;
    if (error.temporary && lane.refusals < maxRefusals) throw error;
    return `${error.error}: ${error.message}`;
  }
}

/** What a store keeps, that counts once; of the rest it is noted here, after it went out: rather twice, with one id, than never. */
async function sendOnce({ stream, listener }: EntryWork, ingested: IngestedMessage): Promise<void> {
  if (listener.isKept(ingested)) {
    await listener.send(ingested);
    return;
  }
  const onceKey = JSON.stringify([ingested.destination, ingested.message.from, ingested.message.id]);
  if (await stream.wasSent(onceKey)) return;
  await listener.send(ingested);
  await stream.noteSent(onceKey);
}

function toIngested(raw: RawEntry, entry: OpenEntry): IngestedMessage {
  const { destination, event, data, from, fromName, isDurable, timeToLiveMs } = entry;
  return {
    destination,
    message: {
      id: entry.id ?? `ingest.${raw.id}`,
      event,
      data,
      ...(from !== undefined && { from }),
      ...(fromName !== undefined && { fromName }),
    },
    isDurable,
    ...(timeToLiveMs !== undefined && { timeToLiveMs }),
  };
}
