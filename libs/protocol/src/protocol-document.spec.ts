import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  adviceFor,
  closeCodes,
  DecodeError,
  defaultDecodeLimits,
  errorCatalogue,
  jsonClientCodec,
  jsonCodec,
  maxAckIds,
  maxIdLength,
  maxNameLength,
  serverCodecs,
  type ClientEnvelope,
  type ServerCodec,
  type ServerEnvelope,
} from './index.js';

const document = readFileSync(join(__dirname, '../../../PROTOCOL.md'), 'utf8');

interface Example {
  readonly line: number;
  /** What stands behind the fence, for example `json client ginforge.v1.json`. */
  readonly info: string;
  readonly text: string;
}

const examples: readonly Example[] = [...document.matchAll(/^```(json .*)\n([\s\S]*?)^```$/gm)].map((match) => ({
  line: document.slice(0, match.index).split('\n').length,
  info: match[1] ?? '',
  text: match[2] ?? '',
}));

/** The rows below the header of the one table that begins with these columns; backticks removed. */
function tableOf(...columns: readonly string[]): readonly (readonly string[])[] {
  const rows = document.split('\n').map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
  const header = rows.findIndex((row) => columns.every((column, index) => row[index] === column));
  const end = rows.findIndex((row, index) => index > header && row.length === 0);
  return rows.slice(header + 2, end);
}

function only(wanted: string): readonly Example[] {
  const found = examples.filter(({ info }) => info === wanted);
  if (found.length === 0) throw new Error(`Expected PROTOCOL.md to have examples of "${wanted}"`);
  return found;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

describe('the tables of PROTOCOL.md', () => {
  it('list every close code with its name, reason and advice', () => {
    const documented = tableOf('code', 'name', 'reason', 'advice').map((row) => row.slice(0, 4));
    expect(documented).toStrictEqual(
      Object.entries(closeCodes).map(([name, { code, reason }]) => [
        String(code),
        snakeCase(name),
        reason,
        adviceFor(code),
      ]),
    );
  });

  it('list every error with its number and whether it is temporary', () => {
    const documented = tableOf('error', 'code', 'temporary').map((row) => row.slice(0, 3));
    expect(documented).toStrictEqual(
      Object.entries(errorCatalogue).map(([name, { code, temporary }]) => [
        name,
        String(code),
        temporary ? 'yes' : 'no',
      ]),
    );
  });

  it('name the limits that the codecs hold', () => {
    const defaults = new Map(tableOf('limit', 'default').map(([limit, value]) => [limit, value?.replaceAll(',', '')]));
    const { maxDepth, maxKeys } = defaultDecodeLimits;
    expect(defaults.get('depth of objects and arrays, the envelope being the first')).toBe(String(maxDepth));
    expect(defaults.get('keys of all objects in the envelope')).toBe(String(maxKeys));
    expect(defaults.get('ids in one ack')).toBe(String(maxAckIds));
    expect(defaults.get('characters of an id')).toBe(String(maxIdLength));
    expect(defaults.get('characters of a name')).toBe(String(maxNameLength));
  });

  it('list every subprotocol that this version speaks', () => {
    const offered = tableOf('offer', 'codec', 'shape of an envelope').filter((row) => !row[1]?.includes('not offered'));
    expect(offered.map(([offer]) => offer?.split(',')[0])).toStrictEqual([...serverCodecs.keys()]);
  });
});

describe('close reasons', () => {
  it.each(Object.values(closeCodes))('$reason fits into a close frame', ({ reason }) => {
    expect(new TextEncoder().encode(reason).length).toBeLessThanOrEqual(123);
  });
});

describe('the examples of PROTOCOL.md', () => {
  it.each(only('json client'))('line $line is an envelope of a client', ({ text }) => {
    const envelope = jsonCodec.decode(text, defaultDecodeLimits);
    expect(JSON.parse(jsonClientCodec.encode(envelope))).toStrictEqual(JSON.parse(text));
  });

  it.each(only('json server'))('line $line is an envelope of the server', ({ text }) => {
    const envelope = jsonClientCodec.decode(text);
    expect(JSON.parse(jsonCodec.encode(envelope))).toStrictEqual(JSON.parse(text));
  });

  it.each(only('json server stock'))("line $line is an answer in Nest's own form", ({ text }) => {
    const answer: unknown = JSON.parse(text);
    expect(JSON.parse(jsonCodec.encode(stockAnswer(answer)))).toStrictEqual(answer);
  });

  it.each(examples.filter(({ info }) => info.startsWith('json client WSC_')))('line $line is $info', (example) => {
    const error = example.info.slice('json client '.length);
    const decode = (): ClientEnvelope => jsonCodec.decode(example.text, defaultDecodeLimits);
    expect(decode).toThrow(DecodeError);
    expect(decode).toThrow(expect.objectContaining({ error }));
  });

  const dialects = [...serverCodecs.values()].filter((codec) => codec !== jsonCodec);

  describe.each(dialects)('in $subprotocol', (codec: ServerCodec) => {
    const mine = examples.filter(({ info }) => info.split(' ')[2] === codec.subprotocol);

    it.each(mine.filter(({ info }) => info.startsWith('json client')))('line $line is understood', (example) => {
      const envelope = codec.decode(example.text, defaultDecodeLimits);
      const pair = examples[examples.indexOf(example) - 1];
      if (pair?.info !== 'json client') return;
      expect(envelope).toStrictEqual(jsonCodec.decode(pair.text, defaultDecodeLimits));
    });

    it.each(mine.filter(({ info }) => info.startsWith('json server')))('line $line is what is written', (example) => {
      const pair = examples[examples.indexOf(example) - 1];
      expect(pair?.info).toBe('json server');
      const event = /event=(\S+)/.exec(example.info)?.[1];
      const envelope = { ...jsonClientCodec.decode(pair?.text ?? ''), ...(event !== undefined && { event }) };
      expect(JSON.parse(String(codec.encode(envelope)))).toStrictEqual(JSON.parse(example.text));
    });
  });

  it('are all of a kind that is tested here', () => {
    const kinds = /^json (client|server)( (stock|WSC_[A-Z_]+|(ginforge|basic)\.v1\.json( event=\w+)?))?$/;
    expect(examples.filter(({ info }) => !kinds.test(info))).toStrictEqual([]);
  });
});

/** The envelope that the server would have written `answer` for; the document's exception is one unknown event. */
function stockAnswer(answer: unknown): ServerEnvelope {
  const stamp = { form: 'stock', traceId: 't', timestamp: 1 } as const;
  if (!JSON.stringify(answer).includes('"exception"')) {
    return { type: 'response', event: 'echo', data: answer, ...stamp };
  }
  const { code, message } = errorCatalogue.WSC_UNKNOWN_EVENT;
  return { type: 'error', code, error: 'WSC_UNKNOWN_EVENT', message, ...stamp };
}
