import { constants, inflateRawSync } from 'node:zlib';
import { serverOpcodes, type ServerFrame } from './frame-reader.fixture.js';

/** What a frame of the server meant. */
export type Heard =
  | { readonly kind: 'welcome' | 'goodbye' | 'pong envelope' }
  /** Has the serial number of a send, a request or a reply; `text` is all else that matters of it. */
  | { readonly kind: 'message'; readonly serial: number; readonly text: string }
  | { readonly kind: 'pong'; readonly payload: string }
  | { readonly kind: 'close'; readonly code: number };

/** How a client writes and reads envelopes (PROTOCOL.md §2 and §8.1). */
export type Dialect = 'wsc.v1.json' | 'ginforge.v1.json';

/** The event of every message that is sent. */
export const messageEvent = 'tick';
/** The event of every request. */
export const requestEvent = 'echo';
/** Request ids are these and a serial number. */
export const requestPrefixes = { request: 'request-', reply: 'reply-' } as const;

/** The end of a sync flush, which a compressed message comes without (RFC 7692 §7.2.2). */
const syncFlushTail = Buffer.from([0, 0, 0xff, 0xff]);
const filler = '.';
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads a frame strictly. @throws {Error} for what no server of ours says. */
export function hear(frame: ServerFrame, dialect: Dialect): Heard {
  const { opcode } = frame;
  if (opcode === serverOpcodes.pong) return { kind: 'pong', payload: frame.payload.toString() };
  if (opcode === serverOpcodes.close) return hearClose(frame.payload);
  if (opcode === serverOpcodes.ping) throw new Error('a ping came, though the heartbeat is off');
  const payload = frame.isCompressed ? inflate(frame.payload) : frame.payload;
  if (opcode === serverOpcodes.binary) return hearRaw(payload);
  const wire: unknown = JSON.parse(utf8.decode(payload));
  if (!isRecord(wire)) throw new Error('an envelope is no object');
  return dialect === 'wsc.v1.json' ? hearEnvelope(wire) : hearDialect(wire);
}

/** The text of a message as its receiver is to hear it. */
export function messageText(message: {
  readonly data: unknown;
  readonly room: string | undefined;
  readonly asksForAck: boolean;
}): string {
  return `message in ${message.room ?? 'no room'}${message.asksForAck ? ', to be acked' : ''}: ${JSON.stringify(message.data)}`;
}

/** The text of an answer. */
export function answerText(data: unknown): string {
  return `answer: ${JSON.stringify(data)}`;
}

/** The text of a refused request. */
export function errorText(error: string): string {
  return `error: ${error}`;
}

/** The payload of a raw message: its serial number, then filler. */
export function rawPayload(serial: number, byteLength: number): Buffer {
  const payload = Buffer.alloc(byteLength, filler);
  payload.write(`${serial};`);
  return payload;
}

/** The text of a raw message of {@link rawPayload}. */
export function rawText(byteLength: number): string {
  return `${byteLength} raw bytes`;
}

function inflate(payload: Buffer): Buffer {
  // It is no whole stream: there is no last block.
  return inflateRawSync(Buffer.concat([payload, syncFlushTail]), { finishFlush: constants.Z_SYNC_FLUSH });
}

function hearRaw(payload: Buffer): Heard {
  const serial = Number.parseInt(payload.toString('latin1', 0, 12), 10);
  if (!payload.equals(rawPayload(serial, payload.length))) throw new Error(`raw message ${serial} has other bytes`);
  return { kind: 'message', serial, text: rawText(payload.length) };
}

function hearClose(payload: Buffer): Heard {
  if (payload.length < 2) throw new Error('a close frame has no code');
  utf8.decode(payload.subarray(2));
  return { kind: 'close', code: payload.readUInt16BE(0) };
}

function hearEnvelope(wire: Wire): Heard {
  const { type, data, request_id: requestId } = wire;
  if (type === 'welcome' || type === 'goodbye') return { kind: type };
  if (type === 'pong') return { kind: 'pong envelope' };
  if (type === 'notify' && wire['event'] === messageEvent) return hearMessage(wire, data);
  if (type === 'response') return hearAnswer(requestId, answerText(data));
  if (type === 'error') return hearAnswer(requestId, errorText(String(wire['error'])));
  throw new Error(`an unknown envelope came: ${JSON.stringify(wire)}`);
}

function hearDialect(wire: Wire): Heard {
  const { type, content, id } = wire;
  if (type === 'welcome' || type === 'goodbye') return { kind: type };
  if (type === 'pong') return { kind: 'pong envelope' };
  if (type === messageEvent) return hearMessage(wire, content);
  if (type === 'error') return hearAnswer(id, errorText(isRecord(content) ? String(content['error']) : 'none'));
  return hearAnswer(id, answerText(content));
}

function hearMessage(wire: Wire, data: unknown): Heard {
  const { room } = wire;
  const text = messageText({
    data,
    room: typeof room === 'string' ? room : undefined,
    asksForAck: wire['ack'] === true,
  });
  const serial = isRecord(data) ? data['serial'] : undefined;
  if (typeof serial !== 'number') throw new Error(`a message has no serial number: ${text}`);
  return { kind: 'message', serial, text };
}

function hearAnswer(requestId: unknown, text: string): Heard {
  const prefix = Object.values(requestPrefixes).find(
    (each) => typeof requestId === 'string' && requestId.startsWith(each),
  );
  if (typeof requestId !== 'string' || prefix === undefined) throw new Error(`an answer to nothing came: ${text}`);
  return { kind: 'message', serial: Number(requestId.slice(prefix.length)), text };
}

type Wire = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
