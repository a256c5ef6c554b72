import { WscError } from '@nest-wsc/protocol';
import type { Principal } from '../core/connect/principal.js';
import { FakeClock } from '../testing/fake-clock.js';
import { MemoryConnectTokens, type MemoryConnectTokensOptions } from './memory-connect-tokens.js';
import { MemoryRevocationList } from './memory-revocation-list.js';

const ann: Principal = { userId: 'ann', claims: {}, tokenId: 'jti:1' };
const bob: Principal = { userId: 'bob', claims: {} };

function createTokens(options: MemoryConnectTokensOptions = {}) {
  const clock = new FakeClock();
  return { clock, tokens: new MemoryConnectTokens(options, { clock }) };
}

function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error instanceof WscError ? error.error : error;
  }
  return undefined;
}

describe('a connect token', () => {
  it('is 256 bits of base64url and redeemed once, for the principal as it was', () => {
    const { tokens } = createTokens();
    const { connectToken, expiresIn } = tokens.issue(ann);
    expect(connectToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(expiresIn).toBe(30);
    expect(tokens.redeem(connectToken)).toBe(ann);
    expect(tokens.redeem(connectToken)).toBeUndefined();
    expect(tokens.size).toBe(0);
  });

  it('is good until its time is up and not then', async () => {
    const { clock, tokens } = createTokens({ timeToLiveMs: 5_000 });
    const [first, second] = [tokens.issue(ann), tokens.issue(ann)];
    await clock.advance(4_999);
    expect(tokens.redeem(first.connectToken)).toBe(ann);
    await clock.advance(1);
    expect(tokens.redeem(second.connectToken)).toBeUndefined();
  });

  it('does not outlive the credential that it was made from', async () => {
    const { clock, tokens } = createTokens();
    const { connectToken, expiresIn } = tokens.issue({ ...ann, expiresAt: clock.now() + 2_500 });
    expect(expiresIn).toBe(2);
    await clock.advance(2_500);
    expect(tokens.redeem(connectToken)).toBeUndefined();
    expect(errorOf(() => tokens.issue({ ...ann, expiresAt: clock.now() + 999 }))).toBe('WSC_UNAUTHORIZED');
  });

  it.each(['', 'x', 'A'.repeat(43), 'A'.repeat(100_000), '__proto__'])(
    'that nobody issued is nobody',
    (connectToken) => {
      const { tokens } = createTokens();
      tokens.issue(ann);
      expect(tokens.redeem(connectToken)).toBeUndefined();
      expect(tokens.size).toBe(1);
    },
  );

  it('over the limit of one user ends the oldest of that user, and of nobody else', async () => {
    const { clock, tokens } = createTokens({ maxOpenPerUser: 2 });
    const bobs = tokens.issue(bob);
    const [first, second, third] = [tokens.issue(ann), tokens.issue(ann), tokens.issue(ann)];
    expect(tokens.redeem(first.connectToken)).toBeUndefined();
    for (const { connectToken } of [second, third]) expect(tokens.redeem(connectToken)).toBe(ann);
    expect(tokens.redeem(bobs.connectToken)).toBe(bob);
    tokens.issue(ann);
    await clock.advance(30_000);
    tokens.issue(ann);
    expect(tokens.size).toBe(1);
  });

  it('is refused over the limit of all, but to who gives up an older one', () => {
    const { tokens } = createTokens({ maxOpen: 1 });
    tokens.issue(ann);
    expect(errorOf(() => tokens.issue(bob))).toBe('WSC_LIMIT_EXCEEDED');
    const { connectToken } = tokens.issue(ann);
    expect([tokens.size, tokens.redeem(connectToken)]).toEqual([1, ann]);
  });
});

describe('the revocation list', () => {
  function createList(maxEntries?: number) {
    const clock = new FakeClock();
    const list = new MemoryRevocationList({ clock, ...(maxEntries !== undefined && { maxEntries }) });
    return { clock, list, inMs: (ms: number) => clock.now() + ms };
  }

  it('knows what was revoked until it would have expired', async () => {
    const { clock, list, inMs } = createList();
    list.revoke('a', inMs(1_000));
    expect([list.isRevoked('a'), list.isRevoked('b')]).toEqual([true, false]);
    await clock.advance(999);
    expect(list.isRevoked('a')).toBe(true);
    await clock.advance(1);
    expect(list.isRevoked('a')).toBe(false);
    expect(list.size).toBe(0);
  });

  it('keeps the later time when a credential is revoked again', async () => {
    const { clock, list, inMs } = createList();
    list.revoke('a', inMs(2_000));
    list.revoke('a', inMs(1_000));
    await clock.advance(1_999);
    expect(list.isRevoked('a')).toBe(true);
  });

  it('keeps what never ends, and does not keep what has ended', () => {
    const { list, inMs } = createList();
    list.revoke('endless', Infinity);
    list.revoke('over', inMs(0));
    expect([list.isRevoked('endless'), list.isRevoked('over'), list.size]).toEqual([true, false, 1]);
    expect(errorOf(() => list.revoke('a', Number.NaN))).toBeInstanceOf(TypeError);
  });

  it('fails when it is full rather than forget, and goes on when something has expired', async () => {
    const { clock, list, inMs } = createList(2);
    list.revoke('a', inMs(1_000));
    list.revoke('b', inMs(5_000));
    expect(errorOf(() => list.revoke('c', inMs(5_000)))).toBe('WSC_UNAVAILABLE');
    list.revoke('b', inMs(6_000));
    await clock.advance(1_000);
    list.revoke('c', inMs(8_000));
    expect(['a', 'b', 'c'].map((id) => list.isRevoked(id))).toEqual([false, true, true]);
    expect(errorOf(() => list.revoke('d', inMs(5_000)))).toBe('WSC_UNAVAILABLE');
    await clock.advance(5_000);
    list.revoke('d', inMs(5_000));
    expect(['b', 'c', 'd'].map((id) => list.isRevoked(id))).toEqual([false, true, true]);
  });
});
