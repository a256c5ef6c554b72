import { hashSlotOf } from './hash-slot.js';

describe('the hash slot of a name', () => {
  it('is that of Redis Cluster, by the tag where there is one', () => {
    // CRC-16/XMODEM of "123456789" is 0x31C3, from the Redis Cluster specification.
    expect(hashSlotOf('123456789')).toBe(0x31c3);
    expect(hashSlotOf('wsc:{123456789}:r:a')).toBe(0x31c3);
    expect(hashSlotOf('foo{}{123456789}')).toBe(hashSlotOf('foo{}{123456789}'));
    expect(hashSlotOf('foo')).toBe(12_182);
  });
});
