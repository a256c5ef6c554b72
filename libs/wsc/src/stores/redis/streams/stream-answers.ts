import { WscError } from '@nest-wsc/protocol';
import type { StreamEntry, StreamPosition, StreamRead, StreamWriteResult } from '../../../core/ports/streams.js';
import { parseKeptMessage } from '../kept-message.js';

/** What was read from a stream where nothing was wrong. */
type WholeRead = Extract<StreamRead, { readonly status: 'ok' }>;

/** Of the script that appends. @throws {WscError} WSC_UNAVAILABLE for anything else. */
export function parseWriteResult(answer: unknown): StreamWriteResult {
  const [status, id, offset, epoch] = textsOf(answer);
  if (status !== 'stored' && status !== 'repeated' && status !== 'stale') throw notOurs();
  return { status, id: id ?? '', position: parsePosition(offset, epoch) };
}

/** Of the script that reads. What can't be read is as good as trimmed. @throws {WscError} WSC_UNAVAILABLE for anything else. */
export function parseRead(answer: unknown): StreamRead {
  const [status, offset, epoch, ...rest] = textsOf(answer);
  const top = parsePosition(offset, epoch);
  if (status === 'epoch' || status === 'trimmed') return { status, top };
  if (status !== 'ok') throw notOurs();
  const entries = parseEntries(rest);
  const bad = entries.indexOf(undefined);
  if (bad === 0) return { status: 'trimmed', top };
  const good = bad < 0 ? entries : entries.slice(0, bad);
  return { status, entries: good.filter((entry) => entry !== undefined), top };
}

/** As {@link parseRead}, where everything was asked for. */
export function parseStart(answer: unknown): WholeRead {
  const [status, offset, epoch, ...rest] = textsOf(answer);
  if (status !== 'ok') throw notOurs();
  const entries = parseEntries(rest);
  const whole = entries.slice(entries.lastIndexOf(undefined) + 1);
  return { status, entries: whole.filter((entry) => entry !== undefined), top: parsePosition(offset, epoch) };
}

/** Of the script that tells tops. @throws {WscError} WSC_UNAVAILABLE for anything else. */
export function parseTops(answer: unknown): readonly StreamPosition[] {
  const texts = textsOf(answer);
  return Array.from({ length: texts.length / 2 }, (_, index) => parsePosition(texts[2 * index], texts[2 * index + 1]));
}

function parseEntries([first, ...texts]: readonly string[]): readonly (StreamEntry | undefined)[] {
  return texts.map((text, index) => {
    const kept = parseKeptMessage(text);
    if (kept === undefined) return undefined;
    const { message, exceptConnectionId } = kept;
    const offset = Number(first) + index;
    return exceptConnectionId === undefined ? { offset, message } : { offset, message, exceptConnectionId };
  });
}

function parsePosition(offset: string | undefined, epoch: string | undefined): StreamPosition {
  if (offset === undefined || epoch === undefined) throw notOurs();
  return { offset: Number(offset), epoch };
}

function textsOf(answer: unknown): readonly string[] {
  if (!Array.isArray(answer)) throw notOurs();
  return answer.map(String);
}

function notOurs(): WscError {
  return new WscError('WSC_UNAVAILABLE', { message: 'Redis has answered something that is not of this library.' });
}
