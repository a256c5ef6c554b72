import { MemoryLogger } from '../testing/memory-logger.js';
import { CidrAddressPolicy, type AddressLists } from './address-policy.js';

function createPolicy(lists: AddressLists = {}) {
  const logger = new MemoryLogger();
  return { logger, policy: new CidrAddressPolicy(lists, { logger }) };
}

describe('the address of a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['', ''],
  ])('of the peer %s is %s', (peer, address) => {
    expect(createPolicy().policy.clientAddress(peer, undefined)).toBe(address);
  });

  const trusted = { trustedProxies: ['10.0.0.0/8', '2001:db8:1::/48', '192.0.2.1'] };

  it.each<[string, [peer: string, forwardedFor: string], string]>([
    ['one hop', ['10.0.0.1', '203.0.113.7'], '203.0.113.7'],
    ['what the client wrote itself on the left', ['10.0.0.1', '127.0.0.1, 10.9.9.9, 203.0.113.7'], '203.0.113.7'],
    ['several trusted hops', ['10.0.0.1', '203.0.113.7, 192.0.2.1,10.0.0.2'], '203.0.113.7'],
    ['trusted hops only', ['10.0.0.1', '10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['a mapped peer', ['::ffff:10.0.0.1', '203.0.113.7'], '203.0.113.7'],
    ['a mapped entry', ['10.0.0.1', '::ffff:203.0.113.7'], '203.0.113.7'],
    ['IPv6 hops', ['2001:db8:1::5', '2001:db8:2::7, 2001:db8:1::6'], '2001:db8:2::7'],
    ['an IPv4 port', ['10.0.0.1', '203.0.113.7:4711'], '203.0.113.7'],
    ['an IPv6 port', ['10.0.0.1', '[2001:db8:2::7]:4711'], '2001:db8:2::7'],
    ['brackets without port', ['10.0.0.1', '[2001:db8:2::7]'], '2001:db8:2::7'],
    ['a malformed entry', ['10.0.0.1', '203.0.113.7, unknown'], '10.0.0.1'],
    ['a malformed entry further left', ['10.0.0.1', '203.0.113.7, <script>, 10.0.0.2'], '10.0.0.2'],
    ['octal notation', ['10.0.0.1', '0313.0.0161.7'], '10.0.0.1'],
    ['a number', ['10.0.0.1', '3405803783'], '10.0.0.1'],
    ['an empty header', ['10.0.0.1', ''], '10.0.0.1'],
    ['an entry of 16 KB', ['10.0.0.1', ':'.repeat(16_000)], '10.0.0.1'],
    ['an untrusted peer', ['203.0.113.9', '127.0.0.1'], '203.0.113.9'],
    ['a Unix socket', ['', '127.0.0.1'], ''],
  ])('with %s is the last one that a trusted hop vouches for', (_case, [peer, forwardedFor], address) => {
    expect(createPolicy(trusted).policy.clientAddress(peer, forwardedFor)).toBe(address);
  });

  it('is warned about once, with advice, when an untrusted peer forwards', () => {
    const { logger, policy } = createPolicy();
    policy.clientAddress('10.0.0.1', undefined);
    expect(logger.lines).toEqual([]);
    policy.clientAddress('10.0.0.1', '203.0.113.7');
    policy.clientAddress('10.0.0.2', '203.0.113.7');
    expect(logger.lines).toEqual([
      { level: 'warn', message: expect.stringContaining('WSC_TRUSTED_PROXIES'), context: { peer: '10.0.0.1' } },
    ]);
  });
});

describe('the allow and deny lists', () => {
  it.each<[string, AddressLists, [address: string, isAllowed: boolean]]>([
    ['no lists', {}, ['203.0.113.7', true]],
    ['no lists and no address', {}, ['', true]],
    ['in allow', { allow: ['203.0.113.0/24'] }, ['203.0.113.255', true]],
    ['not in allow', { allow: ['203.0.113.0/24'] }, ['203.0.114.0', false]],
    ['in deny', { deny: ['203.0.113.7'] }, ['203.0.113.7', false]],
    ['not in deny', { deny: ['203.0.113.7'] }, ['203.0.113.8', true]],
    ['in both', { allow: ['203.0.113.0/24'], deny: ['203.0.113.7/32'] }, ['203.0.113.7', false]],
    ['mapped and denied', { deny: ['203.0.113.7'] }, ['::ffff:203.0.113.7', false]],
    ['a mapped network', { deny: ['::ffff:203.0.113.0/120'] }, ['203.0.113.7', false]],
    ['beside a mapped network', { deny: ['::ffff:203.0.113.0/120'] }, ['203.0.114.7', true]],
    ['an odd prefix', { allow: ['10.0.0.128/25'] }, ['10.0.0.127', false]],
    ['everything of IPv4', { allow: ['0.0.0.0/0'] }, ['203.0.113.7', true]],
    ['IPv6 with everything of IPv4', { allow: ['0.0.0.0/0'] }, ['2001:db8::1', false]],
    ['IPv6 in a network', { allow: ['2001:db8::/33'] }, ['2001:db8:7fff::1', true]],
    ['IPv6 beside a network', { allow: ['2001:db8::/33'] }, ['2001:db8:8000::1', false]],
    ['no address with a list', { deny: ['203.0.113.7'] }, ['', false]],
  ])('with %s', (_case, lists, [address, isAllowed]) => {
    expect(createPolicy(lists).policy.isAllowed(address)).toBe(isAllowed);
  });

  it('are replaced together, and stay as they were when one entry is wrong', () => {
    const { policy } = createPolicy({ deny: ['203.0.113.7'] });
    expect(() => policy.update({ allow: ['10.0.0.0/8'], deny: ['10.0.0.0/33'] })).toThrow('`deny`');
    expect(policy.isAllowed('203.0.113.7')).toBe(false);
    expect(policy.isAllowed('203.0.113.8')).toBe(true);
    policy.update({ allow: ['203.0.113.7'] });
    expect(policy.isAllowed('203.0.113.7')).toBe(true);
    expect(policy.isAllowed('203.0.113.8')).toBe(false);
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '010.0.0.1',
    '::/129',
    '::ffff:10.0.0.0/95',
    'localhost',
    '',
  ])('refuse the entry "%s" by its name', (entry) => {
    expect(() => createPolicy({ trustedProxies: ['10.0.0.1', entry] })).toThrow(
      `Expected each entry of \`trustedProxies\` to be an IP address or a network such as "10.0.0.0/8" or "2001:db8::/32", got "${entry}".`,
    );
  });
});
