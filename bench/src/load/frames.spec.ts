import { clientFrame, FrameReader, opcode, type FrameSink } from './frames.js';

/** A frame as servers send it: without a mask. */
function serverFrame(payload: string, code: number = opcode.text): Buffer {
  const bytes = Buffer.from(payload);
  const short = bytes.length <= 125 ? bytes.length : bytes.length <= 0xffff ? 126 : 127;
  const header = Buffer.alloc(short === 126 ? 4 : short === 127 ? 10 : 2);
  header[0] = 0x80 | code;
  header[1] = short;
  if (short === 126) header.writeUInt16BE(bytes.length, 2);
  if (short === 127) header.writeUInt32BE(bytes.length, 6);
  return Buffer.concat([header, bytes]);
}

interface Told {
  readonly code: number;
  readonly text: string;
}

/** What a reader tells of `bytes` that come in chunks of so many. */
function read(bytes: Buffer, chunkLength: number, wantsWhole: boolean): Told[] {
  const frames: Told[] = [];
  const frame = (...[code, chunk, start, end]: Parameters<FrameSink['frame']>): void => {
    frames.push({ code, text: chunk.toString('utf8', start, end) });
  };
  const reader = new FrameReader({ wantsWhole, frame });
  for (let start = 0; start < bytes.length; start += chunkLength) {
    const chunk = Buffer.from(bytes.subarray(start, start + chunkLength));
    reader.read(chunk, chunk.length);
    // The next read overwrites it.
    chunk.fill(0);
  }
  return frames;
}

const short = [0, 1, 125, 126, 300];
const long = [65_535, 65_536, 70_000];

const told = (lengths: readonly number[]): Told[] => [
  ...lengths.map((length) => ({ code: opcode.text, text: 'x'.repeat(length) })),
  { code: opcode.ping, text: 'still there?' },
];

const streamOf = (lengths: readonly number[]): Buffer =>
  Buffer.concat(told(lengths).map(({ text, code }) => serverFrame(text, code)));

describe('the reader of frames', () => {
  it.each([1, 2, 3, 5, 129, 1000])('tells short frames whole that come in chunks of %d bytes', (size) => {
    expect(read(streamOf(short), size, true)).toEqual(told(short));
  });

  it.each([16_384, 65_537, 300_000])('tells long frames whole that come in chunks of %d bytes', (size) => {
    expect(read(streamOf(long), size, true)).toEqual(told(long));
  });

  it.each([1, 2, 3, 7, 1000, 65_537])('tells a frame once where only its last piece is wanted, cut at %d', (size) => {
    const lengths = [...short, ...long];
    const codes = read(streamOf(lengths), size, false).map(({ code }) => code);
    expect(codes).toEqual(told(lengths).map(({ code }) => code));
  });
});

describe("a client's frame", () => {
  it.each([...short, ...long])('of %d bytes carries its length and a mask of zeros', (length) => {
    const frame = clientFrame('x'.repeat(length));
    const unmasked = Buffer.from(serverFrame('x'.repeat(length)));
    const headerLength = unmasked.length - length;
    expect(frame[1]).toBe((unmasked[1] ?? 0) | 0x80);
    expect(frame.subarray(2, headerLength)).toEqual(unmasked.subarray(2, headerLength));
    expect(frame.subarray(headerLength, headerLength + 4)).toEqual(Buffer.alloc(4));
    expect(frame.subarray(headerLength + 4)).toEqual(Buffer.alloc(length, 'x'));
  });
});
