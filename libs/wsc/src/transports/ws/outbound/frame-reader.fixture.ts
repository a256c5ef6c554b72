/** One whole frame of a server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly isCompressed: boolean;
  readonly payload: Buffer;
}

/** Opcodes of RFC 6455 §5.2 that a server that never fragments may send. */
export const serverOpcodes = { text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

const knownOpcodes: ReadonlySet<number> = new Set(Object.values(serverOpcodes));
const maxControlLength = 125;

interface Header {
  readonly opcode: number;
  readonly isCompressed: boolean;
  readonly start: number;
  readonly length: number;
}

/**
 * Reads the frames of a server as RFC 6455 has them and forgives nothing: a mask, a fragment, a reserved bit that was not
 * negotiated, a length that is not written in the shortest way, bytes behind the close frame, an end within a frame.
 */
export class FrameReader {
  readonly #mayCompress: boolean;
  #chunks: Buffer[] = [];
  #byteLength = 0;
  /** So many bytes make the next frame, or more of its header: joining chunks before would be in vain. */
  #needed = 2;
  #isClosed = false;

  constructor(options: { readonly mayCompress: boolean }) {
    this.#mayCompress = options.mayCompress;
  }

  /** The frames that are whole by now. @throws {Error} for bytes that no server may send. */
  read(chunk: Buffer): readonly ServerFrame[] {
    this.#chunks.push(chunk);
    this.#byteLength += chunk.length;
    if (this.#byteLength < this.#needed) return [];
    let rest = Buffer.concat(this.#chunks);
    const frames: ServerFrame[] = [];
    for (let frame = this.#take(rest); frame !== undefined; frame = this.#take(rest)) {
      frames.push(frame);
      rest = rest.subarray(rest.length - this.#byteLength);
    }
    this.#chunks = [rest];
    return frames;
  }

  /** The server has ended its side. @throws {Error} within a frame. */
  end(): void {
    if (this.#byteLength > 0) throw new Error(`a frame is cut after ${this.#byteLength} bytes`);
  }

  #take(bytes: Buffer): ServerFrame | undefined {
    if (this.#isClosed && bytes.length > 0) throw new Error('bytes follow the close frame');
    const header = this.#readHeader(bytes);
    const end = header === undefined ? undefined : header.start + header.length;
    if (header === undefined || end === undefined || bytes.length < end) {
      this.#needed = end ?? bytes.length + 1;
      return undefined;
    }
    this.#byteLength = bytes.length - end;
    this.#needed = 2;
    this.#isClosed = header.opcode === serverOpcodes.close;
    return { ...header, payload: bytes.subarray(header.start, end) };
  }

  #readHeader(bytes: Buffer): Header | undefined {
    const [first, second] = bytes;
    if (first === undefined || second === undefined) return undefined;
    const opcode = first & 0x0f;
    const isControl = opcode >= serverOpcodes.close;
    const isCompressed = (first & 0x40) !== 0;
    if (!knownOpcodes.has(opcode)) throw new Error(`opcode ${opcode} is none of a server that never fragments`);
    if ((first & 0x80) === 0) throw new Error('a message is fragmented');
    if ((first & 0x30) !== 0) throw new Error('a reserved bit is set');
    if (isCompressed && (isControl || !this.#mayCompress)) throw new Error('a frame is compressed that may not be');
    if ((second & 0x80) !== 0) throw new Error('a frame is masked');
    if (isControl && second > maxControlLength) throw new Error('a control frame is too long');
    return readLength(bytes, second, { opcode, isCompressed });
  }
}

function readLength(bytes: Buffer, second: number, rest: Pick<Header, 'opcode' | 'isCompressed'>): Header | undefined {
  if (second < 126) return { ...rest, start: 2, length: second };
  const start = second === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length <= (second === 126 ? maxControlLength : 0xffff)) throw new Error('a length is not written the short way');
  return { ...rest, start, length };
}
