import fc from 'fast-check';
import { addressGroup } from './address-group.js';
import { ConnectionSlots } from './connection-slots.js';

const unlimited = { maxConnections: 0, maxConnectionsPerIp: 0 };

describe('connection slots', () => {
  it('refuse when the node is full, and take again once a place is released', () => {
    const slots = new ConnectionSlots();
    const limits = { maxConnections: 2, maxConnectionsPerIp: 0 };
    const first = slots.reserveAddress('192.0.2.1', limits);
    slots.reserveAddress('192.0.2.2', limits);
    expect(slots.reserveAddress('192.0.2.3', limits)).toEqual({ ok: false, exceeded: 'node' });
    if (first.ok) first.release();
    expect(slots.reserveAddress('192.0.2.3', limits).ok).toBe(true);
    expect(slots.total).toBe(2);
  });

  it('refuse an address that has its share, and nobody else', () => {
    const slots = new ConnectionSlots();
    const limits = { maxConnections: 0, maxConnectionsPerIp: 1 };
    slots.reserveAddress('192.0.2.1', limits);
    expect(slots.reserveAddress('192.0.2.1', limits)).toEqual({ ok: false, exceeded: 'address' });
    expect(slots.reserveAddress('192.0.2.2', limits).ok).toBe(true);
  });

  it('count the addresses of one IPv6 /64 as one', () => {
    const slots = new ConnectionSlots();
    const limits = { maxConnections: 0, maxConnectionsPerIp: 1 };
    slots.reserveAddress('2001:db8:1:2::1', limits);
    expect(slots.reserveAddress('2001:db8:1:2:ffff::9', limits).ok).toBe(false);
    expect(slots.reserveAddress('2001:db8:1:3::1', limits).ok).toBe(true);
  });

  it('hold the place of a connection until it is closed', () => {
    const slots = new ConnectionSlots();
    const limits = { maxConnections: 0, maxConnectionsPerIp: 1 };
    const handshake = slots.reserveAddress('2001:db8:1:2::1', limits);
    slots.opened('2001:db8:1:2::1');
    if (handshake.ok) handshake.release();
    expect(slots.total).toBe(1);
    expect(slots.reserveAddress('2001:db8:1:2::2', limits)).toEqual({ ok: false, exceeded: 'address' });
    slots.closed('2001:db8:1:2::1');
    expect(slots.total).toBe(0);
    expect(slots.reserveAddress('2001:db8:1:2::2', limits).ok).toBe(true);
  });

  it('know no limit at 0, but go on counting, so that a limit set later holds', () => {
    const slots = new ConnectionSlots();
    for (let index = 0; index < 20; index += 1) slots.reserveAddress('192.0.2.1', unlimited);
    expect(slots.reserveAddress('192.0.2.1', { maxConnections: 0, maxConnectionsPerIp: 20 }).ok).toBe(false);
    expect(slots.reserveAddress('192.0.2.2', { maxConnections: 20, maxConnectionsPerIp: 0 }).ok).toBe(false);
  });

  it('give a place back once, however often it is released, in any order', () => {
    const takes = fc.array(
      fc.record({ ip: fc.constantFrom('192.0.2.1', '192.0.2.2', '::1'), releases: fc.nat({ max: 3 }) }),
    );
    fc.assert(
      fc.property(takes, (all) => {
        const slots = new ConnectionSlots();
        const taken = all.map(({ ip, releases }) => ({ slot: slots.reserveAddress(ip, unlimited), releases }));
        for (const { slot, releases } of taken.toReversed()) {
          for (let count = 0; count < releases; count += 1) if (slot.ok) slot.release();
        }
        expect(slots.total).toBe(all.filter(({ releases }) => releases === 0).length);
        expect(slots.reserveAddress('192.0.2.9', { maxConnections: slots.total + 1, maxConnectionsPerIp: 1 }).ok).toBe(
          true,
        );
      }),
    );
  });
});

describe('the group of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['::1', '0:0:0:0::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0000:ffff::', '2001:db8:0:0::/64'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('of %s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it.each(['', 'unknown', '1::2::3', '1:2:3', '1:2:3:4:5:6:7:8:9', 'g::1', '::ffff:999.0.2.1', '::ffff:1.2.3'])(
    'of %p, which is no address, is itself',
    (text) => {
      expect(addressGroup(text)).toBe(text);
    },
  );

  it('is the same however an address is written', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
        const short = groups.map((group) => group.toString(16)).join(':');
        const long = groups.map((group) => group.toString(16).toUpperCase().padStart(4, '0')).join(':');
        const canonical = new URL(`http://[${short}]`).hostname.slice(1, -1);
        expect(addressGroup(long)).toBe(addressGroup(short));
        expect(addressGroup(canonical)).toBe(addressGroup(short));
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof addressGroup(`${text}:`) === 'string'));
  });
});
