/** Opcodes of RFC 6455 §5.2 that the load generator knows. */
export const opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** A frame of a client. Masked, as it must be, with zeros, which leave the payload as it is. */
export function clientFrame(payload: string | Uint8Array, code: number = opcode.text): Buffer {
  const bytes = Buffer.from(payload);
  const length = bytes.length;
  const header =
    length <= 125
      ? [0x80 | code, 0x80 | length]
      : length <= 0xffff
        ? [0x80 | code, 0x80 | 126, length >> 8, length & 0xff]
        : [
            0x80 | code,
            0x80 | 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 0xff,
            (length >> 8) & 0xff,
            length & 0xff,
          ];
  return Buffer.concat([Buffer.from(header), Buffer.alloc(4), bytes]);
}

/** Who is told about frames. Payloads are in `chunk` from `start` to `end`, and only there until the call returns. */
export interface FrameSink {
  /** Whether the whole payload of every frame is wanted. If not, of a frame that comes in pieces only the last piece is told. */
  readonly wantsWhole: boolean;
  frame(code: number, chunk: Buffer, start: number, end: number): void;
}

/**
 * Reads the frames of a server out of chunks. It checks nothing and copies only what a chunk cuts in two, so that one process
 * can read more than any server here can write.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** Bytes of the current payload that are still to come. */
  #missing = 0;
  #code = 0;
  /** The beginning of a header, or of a frame that is wanted whole. */
  #kept: Buffer | undefined;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  read(chunk: Buffer, length: number): void {
    let bytes = chunk;
    let end = length;
    if (this.#kept !== undefined) {
      bytes = Buffer.concat([this.#kept, chunk.subarray(0, length)]);
      end = bytes.length;
      this.#kept = undefined;
    }
    let position = 0;
    if (this.#missing > 0) {
      position = Math.min(this.#missing, end);
      this.#missing -= position;
      if (this.#missing > 0) return;
      this.#sink.frame(this.#code, bytes, 0, position);
    }
    while (position < end) {
      const next = this.#frameAt(bytes, position, end);
      if (next < 0) return;
      position = next;
    }
  }

  /** Answers where the next frame begins; −1: this one is not all there. */
  #frameAt(bytes: Buffer, position: number, end: number): number {
    const available = end - position;
    const short = available < 2 ? 0 : (bytes[position + 1] ?? 0) & 0x7f;
    const headerLength = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (available < headerLength) return this.#keep(bytes, position, end);
    const payload =
      short === 126 ? bytes.readUInt16BE(position + 2) : short === 127 ? bytes.readUInt32BE(position + 6) : short;
    const code = (bytes[position] ?? 0) & 0x0f;
    const start = position + headerLength;
    if (start + payload <= end) {
      this.#sink.frame(code, bytes, start, start + payload);
      return start + payload;
    }
    if (this.#sink.wantsWhole) return this.#keep(bytes, position, end);
    this.#code = code;
    this.#missing = start + payload - end;
    return -1;
  }

  #keep(bytes: Buffer, position: number, end: number): number {
    this.#kept = Buffer.from(bytes.subarray(position, end));
    return -1;
  }
}
