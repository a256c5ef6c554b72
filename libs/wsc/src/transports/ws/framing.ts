/** Opcodes of RFC 6455 §5.2 that a server sends past `ws`. */
export const opcodes = { text: 0x1, binary: 0x2, ping: 0x9, pong: 0xa } as const;

/** One opcode of {@link opcodes}. */
export type Opcode = (typeof opcodes)[keyof typeof opcodes];

const finBit = 0x80;
/** "Per-message compressed" (RFC 7692 §6). */
const rsv1Bit = 0x40;
/** Largest payload whose length fits in the second byte, and largest that fits in 16 bits. */
const maxShortLength = 125;
const maxMediumLength = 0xffff;

/**
 * Frames `text` as one text message. Frames of a server are not masked (RFC 6455 §5.1), so the same bytes
 * serve every receiver.
 */
export function frameText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = allocateFrame(length);
  const start = writeHeader(frame, finBit | opcodes.text, length);
  // Equal lengths mean ASCII, for which the one-byte writer is exact and a plain copy.
  frame.write(text, start, length, length === text.length ? 'latin1' : 'utf8');
  return frame;
}

/** With its header 16 KiB, which Node writes without a copy on the heap; longer ones are no cheaper as strings. */
const maxByteStringLength = 16 * 1024 - 4;
const headerStrings: (string | undefined)[] = [];

/**
 * The same for one receiver: short text as a string of one character per byte, which is joined with others and written without
 * a Buffer.
 */
export function frameTextForOne(text: string): Buffer | string {
  const length = Buffer.byteLength(text);
  if (length > maxByteStringLength) return frameText(text);
  const header = (headerStrings[length] ??= createHeaderString(length));
  return header + (length === text.length ? text : Buffer.from(text).toString('latin1'));
}

function createHeaderString(payloadLength: number): string {
  const header = Buffer.alloc(headerLength(payloadLength));
  writeHeader(header, finBit | opcodes.text, payloadLength);
  return header.toString('latin1');
}

/** Frames `payload` as one whole message or control frame. The payload is copied, so it may be reused. */
export function frameBytes(payload: Uint8Array, opcode: Opcode, isCompressed = false): Buffer {
  const frame = allocateFrame(payload.length);
  const start = writeHeader(frame, finBit | (isCompressed ? rsv1Bit : 0) | opcode, payload.length);
  frame.set(payload, start);
  return frame;
}

function headerLength(payloadLength: number): 2 | 4 | 10 {
  if (payloadLength <= maxShortLength) return 2;
  return payloadLength <= maxMediumLength ? 4 : 10;
}

function allocateFrame(payloadLength: number): Buffer {
  return Buffer.allocUnsafe(headerLength(payloadLength) + payloadLength);
}

/** Answers where the payload starts. */
function writeHeader(frame: Buffer, firstByte: number, payloadLength: number): number {
  const length = headerLength(payloadLength);
  frame[0] = firstByte;
  if (length === 2) {
    frame[1] = payloadLength;
  } else if (length === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(payloadLength, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(payloadLength), 2);
  }
  return length;
}
