import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import type { Principal } from '../../../core/connect/principal.js';
import { RedisNodes, type RedisNode } from '../redis-nodes.fixture.js';
import { RedisConnectTokens, type RedisConnectTokensOptions } from './redis-connect-tokens.js';
import { RedisRevocationList } from './redis-revocation-list.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

const unavailable = expect.objectContaining({ error: 'WSC_UNAVAILABLE' });
const ann: Principal = { userId: 'auth0|ann', name: 'Ann', userType: 'agent', claims: { tier: [1] }, tokenId: 'jti:1' };
const bob: Principal = { userId: 'bob', claims: {} };

describe('a connect token on Redis', () => {
  const open = async (options: RedisConnectTokensOptions = {}) => new RedisConnectTokens(options, await nodes.open());

  it('is 256 bits of base64url and redeemed by one node, once, for the principal as it was', async () => {
    const [here, there] = [await open(), await open()];
    const { connectToken, expiresIn } = await here.issue(ann);
    expect(connectToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(expiresIn).toBe(30);
    const redeemed = await Promise.all([here, there, here, there].map(async (each) => each.redeem(connectToken)));
    expect(redeemed.filter((principal) => principal !== undefined)).toEqual([ann]);
  });

  it('is good until its time is up and not then', async () => {
    const tokens = await open({ timeToLiveMs: 30 });
    const { connectToken } = await tokens.issue(ann);
    await until(
      async () => server.ask('KEYS', `${nodes.prefix}:connect-token:*`),
      (keys) => String(keys) === '',
    );
    expect(await tokens.redeem(connectToken)).toBeUndefined();
  });

  it('does not outlive the credential that it was made from', async () => {
    const tokens = await open();
    const { expiresIn } = await tokens.issue({ ...ann, expiresAt: Date.now() + 2_900 });
    expect(expiresIn).toBe(2);
    await expect(tokens.issue({ ...ann, expiresAt: Date.now() + 900 })).rejects.toMatchObject({
      error: 'WSC_UNAUTHORIZED',
    });
    const endless = await tokens.issue({ ...bob, expiresAt: Infinity });
    expect(await tokens.redeem(endless.connectToken)).toEqual(bob);
  });

  it.each(['', 'x', 'A'.repeat(43), 'A'.repeat(100_000), '__proto__'])(
    'that nobody issued is nobody',
    async (token) => {
      const tokens = await open();
      await tokens.issue(ann);
      expect(await tokens.redeem(token)).toBeUndefined();
    },
  );

  it('over the limit of one user ends the oldest of that user, on all nodes, and of nobody else', async () => {
    const [here, there] = [await open({ maxOpenPerUser: 2 }), await open({ maxOpenPerUser: 2 })];
    const bobs = await here.issue(bob);
    const issued = [await here.issue(ann), await there.issue(ann), await here.issue(ann)];
    const redeemed = await Promise.all(issued.map(async ({ connectToken }) => there.redeem(connectToken)));
    expect(redeemed).toEqual([undefined, ann, ann]);
    expect(await here.redeem(bobs.connectToken)).toEqual(bob);
  });

  it('of somebody who has written into Redis is nobody', async () => {
    const { connections, clock } = await nodes.open();
    const tokens = new RedisConnectTokens({}, { connections, clock });
    const texts = [
      '',
      'null',
      '{}',
      '{"userId":"a b","claims":{}}',
      '{"userId":"ann"}',
      '{"userId":"a","claims":{},"name":1}',
    ];
    for (const text of texts) {
      const { connectToken } = await tokens.issue(ann);
      const [key] = (await server.ask('KEYS', `${nodes.prefix}:connect-token:*`)) as string[];
      await server.ask('SET', String(key), text);
      expect(await tokens.redeem(connectToken)).toBeUndefined();
    }
  });

  it('stands in Redis neither by itself nor without an end', async () => {
    const tokens = await open();
    const { connectToken } = await tokens.issue(ann);
    const keys = (await server.ask('KEYS', `${nodes.prefix}:*`)) as string[];
    expect(keys).toHaveLength(2);
    expect(keys.join()).not.toContain(connectToken);
    for (const key of keys) expect(await server.ask('PTTL', key)).toBeGreaterThan(0);
  });
});

describe('the revocation list on Redis', () => {
  async function open(pollMs?: number): Promise<{ readonly list: RedisRevocationList; readonly node: RedisNode }> {
    const node = await nodes.open();
    const list = new RedisRevocationList(pollMs === undefined ? {} : { pollMs }, node);
    nodes.onClose(async () => list.close());
    return { list, node };
  }
  const keyOf = ({ connections }: RedisNode, tokenId: string): string => connections.names.revokedKey(tokenId);

  it('knows on each node what was revoked until it would have expired', async () => {
    const [here, there] = [await open(), await open()];
    await here.list.revoke('jti:1 *{}', Date.now() + 100);
    expect(await there.list.isRevoked('jti:1 *{}')).toBe(true);
    expect(await there.list.isRevoked('jti:2')).toBe(false);
    await until(
      async () => there.list.isRevoked('jti:1 *{}'),
      (isRevoked) => !isRevoked,
    );
  });

  it('keeps the later time when a credential is revoked again, and what never ends', async () => {
    const { list, node } = await open();
    await list.revoke('a', Date.now() + 60_000);
    await list.revoke('a', Date.now() + 1_000);
    expect(await server.ask('PTTL', keyOf(node, 'a'))).toBeGreaterThan(50_000);
    await list.revoke('a', Infinity);
    await list.revoke('a', Date.now() + 1_000);
    expect(await server.ask('PTTL', keyOf(node, 'a'))).toBe(-1);
  });

  it('does not keep what has ended, and refuses what is no time', async () => {
    const { list, node } = await open();
    await list.revoke('over', Date.now());
    expect(await server.ask('EXISTS', keyOf(node, 'over'))).toBe(0);
    await expect(list.revoke('a', Number.NaN)).rejects.toBeInstanceOf(TypeError);
  });

  it('tells who watches of what is revoked from then on, on whichever node', async () => {
    const [here, there] = [await open(), await open(20)];
    await here.list.revoke('before', Date.now() + 60_000);
    const heard: string[] = [];
    await there.list.watch((tokenId) => heard.push(tokenId));
    const ids = Array.from({ length: 1_200 }, (_, index) => `jti:${String(index)}`);
    // A hundred at a time: each has a time-out.
    for (let start = 0; start < ids.length; start += 100) {
      await Promise.all(ids.slice(start, start + 100).map(async (id) => here.list.revoke(id, Date.now() + 60_000)));
    }
    await until(
      () => heard.length,
      (count) => count >= ids.length,
    );
    expect([...heard].sort()).toEqual([...ids].sort());
  });

  it('says that it can not tell without Redis, and tells afterwards what was revoked meanwhile', async () => {
    const [here, there] = [await open(), await open(20)];
    const heard: string[] = [];
    await there.list.watch((tokenId) => heard.push(tokenId));
    await server.kill();
    await expect(here.list.revoke('a', Date.now() + 60_000)).rejects.toEqual(unavailable);
    await expect(here.list.isRevoked('a')).rejects.toEqual(unavailable);
    await server.restart({ keepData: false });
    await until(
      async () =>
        here.list.revoke('b', Date.now() + 60_000).then(
          () => true,
          () => false,
        ),
      Boolean,
    );
    await until(
      () => heard,
      (ids) => ids.includes('b'),
    );
  });
});
