import fc from 'fast-check';
import { toBuffer } from '../../core/ports/transport.js';
import { frameBytes, frameText, frameTextForOne, opcodes } from './framing.js';
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

describe('a message that is framed for one receiver', () => {
  it('has the bytes of one that is shared, whatever the characters', () => {
    // In pieces of UTF-16, so that halves of surrogate pairs stand alone too; long enough for a header of four bytes.
    const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
    const unit = fc.oneof(codeUnit, fc.constantFrom('a', 'é', '€', '😀', '\ud83d', '\ude00'));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 200 }), (text) => {
        expect(toBuffer(frameTextForOne(text)).equals(frameText(text))).toBe(true);
      }),
    );
  });

  const lengths = [0, 125, 126, 16_379, 16_380, 16_381, 16_383, 16_384, 16_385, 65_535, 65_536];
  it.each(lengths)('has the bytes of one that is shared at %d bytes', (length) => {
    for (const text of ['x'.repeat(length), 'é'.repeat(length / 2) + 'x'.repeat(length % 2)])
      expect(toBuffer(frameTextForOne(text)).equals(frameText(text))).toBe(true);
  });

  it('is a string while it is short', () => {
    expect(frameTextForOne('héllo')).toBe('\x81\x06h\xc3\xa9llo');
    expect(frameTextForOne('x'.repeat(65_536))).toBeInstanceOf(Buffer);
  });
});
