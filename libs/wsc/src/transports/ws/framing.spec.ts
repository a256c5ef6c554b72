import fc from 'fast-check';
import { frameBytes, frameText, opcodes } from './framing.js';
import { takeFrame } from './raw-client.fixture.js';

describe('a framed message', () => {
  it('holds the text as UTF-8, whatever the characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const taken = takeFrame(frameText(text));
        expect(taken?.rest).toHaveLength(0);
        expect(taken?.frame).toMatchObject({ opcode: opcodes.text, isFinal: true, isCompressed: false });
        expect(taken?.frame.payload).toEqual(Buffer.from(text));
      }),
    );
  });

  it.each([
    [0, 2],
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
  ])('of %d bytes has the shortest header, %d bytes', (length, headerLength) => {
    const payload = Buffer.alloc(length, 7);
    const frame = frameBytes(payload, opcodes.binary);
    expect(frame).toHaveLength(headerLength + length);
    expect(takeFrame(frame)?.frame.payload.equals(payload)).toBe(true);
    expect(frameText('x'.repeat(length))).toHaveLength(headerLength + length);
  });

  it('is never masked and has RSV1 only when it is compressed', () => {
    expect(frameBytes(Buffer.from('x'), opcodes.text)).toEqual(Buffer.from([0x81, 1, 0x78]));
    expect(frameBytes(Buffer.from('x'), opcodes.text, true)).toEqual(Buffer.from([0xc1, 1, 0x78]));
  });
});
