import { Network } from '../cluster/network.fixture.js';
import { answersClose } from '../hub.fixture.js';
import { UserStatus } from '../rooms/user-status.js';
import type { TestHub } from '../../testing/test-hub.js';

const room = 'chat:1';

/** Bob on one node sees Ann and Eve come, who are on another. */
async function start({ silent = false } = {}) {
  const network = new Network();
  const [closing, staying, third] = [await network.start(), await network.start(), await network.start()];
  const hubs = [closing, staying, third];
  for (const { hub } of hubs) hub.namespaces.define('chat', { joinable: true, presence: true });
  const advance = async (ms: number): Promise<void> => {
    for (const node of [...hubs, ...hubs]) await node.clock.advance(ms / 2);
    for (const node of hubs) await node.settle();
  };
  const enter = async (node: TestHub, userId: string) => {
    const client = await node.connect({ userId });
    answersClose(client);
    await client.request('join_room', { room });
    return client;
  };
  const bob = await enter(staying, 'bob');
  await enter(closing, 'ann');
  await enter(closing, 'eve');
  await advance(2_000);
  const node = network.nodes[1];
  if (node !== undefined) node.isSilent = silent;
  const before = bob.messages.length;
  const heard = () => bob.messages.slice(before).map(({ data }) => data);
  return { closing, staying, third, enter, advance, heard };
}

describe('when a node closes', () => {
  it.each([
    ['another', false],
    ['one that answers', true],
  ])('%s tells the rooms who is not back in time, once', async (_, silent) => {
    const { closing, third, enter, advance, heard } = await start({ silent });
    const lastSeen = closing.clock.now();
    await closing.hub.close();
    await advance(3_000);
    await enter(third, 'eve');
    const offline = { user_id: 'ann', status: 'offline', last_seen: lastSeen };
    expect(heard()).not.toContainEqual(offline);
    await advance(10_000);
    expect(heard().filter((data) => JSON.stringify(data).includes('offline'))).toEqual([offline]);
  });

  it('one that closes itself takes nothing over', async () => {
    const { staying } = await start();
    const users = [{ userId: 'ann', rooms: [room], lastSeen: 1 }];
    const status = new UserStatus({
      clock: staying.clock,
      graceMs: () => 0,
      isOnline: () => false,
      send: () => undefined,
    });
    expect(status.takeOver(users, 1_000)).toBe(true);
    status.close();
    expect(status.takeOver(users, 1_000)).toBe(false);
  });

  it('whoever comes back as late as it told them to has not been away', async () => {
    const { closing } = await start();
    expect(closing.hub.offlineGraceMs).toBe(3_000);
    await closing.hub.close();
    expect(closing.hub.offlineGraceMs).toBe(4_000);
  });

  it('and the one that has taken them over closes too, the next one does', async () => {
    const { closing, staying, third, enter, advance } = await start();
    const cid = await enter(third, 'cid');
    await advance(2_000);
    await closing.hub.close();
    await staying.hub.close();
    await advance(10_000);
    const offline = cid.messages.filter(({ event }) => event === 'user_status').map(({ data }) => data);
    expect(offline).toEqual([
      expect.objectContaining({ user_id: 'cid', status: 'online' }),
      expect.objectContaining({ user_id: 'ann', status: 'offline' }),
      expect.objectContaining({ user_id: 'eve', status: 'offline' }),
      expect.objectContaining({ user_id: 'bob', status: 'offline' }),
    ]);
  });
});
