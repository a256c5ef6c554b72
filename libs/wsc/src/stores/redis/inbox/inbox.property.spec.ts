import * as fc from 'fast-check';
import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { InboxModel, inboxCommands, modelMaxMessages, type InboxUnderTest } from '../../shared/inbox-model.fixture.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { openInbox, type RedisInboxNode } from './inbox-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;
beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterAll(async () => {
  await nodes.close();
  await server[Symbol.asyncDispose]();
});

const limits = { maxMessages: modelMaxMessages, timeToLiveMs: 604_800_000 };

/** The inbox of a user; time passes in Redis by what stands there. */
function inboxOf(userId: string, here: RedisInboxNode, there: RedisInboxNode): InboxUnderTest {
  const [, , expiry = ''] = here.connections.names.inboxKeys(userId);
  const pass = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) await server.ask('ZADD', expiry, Date.now() - 1_000, id);
  };
  return { userId, nodes: [here.inbox, there.inbox], pass };
}

describe('the inbox on Redis', () => {
  it('is on all nodes what a simple model of it is, whatever is done with it, and tells of each message once', async () => {
    const [here, there] = [await openInbox(nodes, limits), await openInbox(nodes, limits)];
    const heardIds = new Map<string, string[]>();
    await there.broker.start(({ destination, message }) => {
      if (destination.kind === 'user') heardIds.get(destination.userId)?.push(message.id);
      return { queued: 1, dropped: 0 };
    });
    await fc.assert(
      fc.asyncProperty(inboxCommands, async (commands) => {
        const [userId, model] = [`user ${String(heardIds.size)}`, new InboxModel()];
        const heard: string[] = [];
        heardIds.set(userId, heard);
        await there.broker.subscribe({ kind: 'user', userId });
        await fc.asyncModelRun(() => ({ model, real: inboxOf(userId, here, there) }), commands);
        await until(
          () => heard.length,
          (count) => count >= model.storedIds.length,
        );
        expect(heard).toEqual(model.storedIds);
      }),
      { numRuns: 60 },
    );
    await there.close();
  }, 60_000);
});
