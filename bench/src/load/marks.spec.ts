import { numberedText, stampedText } from '../peers/workload.js';
import { nowMicroseconds } from '../clock.js';
import { markIn } from './marks.js';

const find = (text: string): number | undefined => {
  const bytes = Buffer.from(`####${text}#0000000000000042`);
  return markIn(bytes, 4, 4 + Buffer.byteLength(text));
};

describe('the mark of a message', () => {
  it('is the number that its sender gave it', () => {
    expect(find(JSON.stringify({ event: 'message', data: numberedText(17, 128) }))).toBe(17);
  });

  it('is when it was made', () => {
    const before = nowMicroseconds();
    const stamp = find(JSON.stringify(stampedText(20)));
    expect(stamp).toBeGreaterThanOrEqual(before);
    expect(stamp).toBeLessThanOrEqual(nowMicroseconds());
  });

  it.each(['', '{"type":"welcome"}', '#', '#123', '#00000000000000x1…'])('is not there in %j', (text) => {
    expect(find(text)).toBeUndefined();
  });
});
