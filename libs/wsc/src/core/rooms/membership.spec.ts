import * as fc from 'fast-check';
import { TestHub, type TestClient } from '../../testing/test-hub.js';
import { leftBehind, nothing, UnreliableBroker } from '../hub.fixture.js';

type Step =
  | { readonly kind: 'join' | 'subscribe' | 'leave'; readonly client: number; readonly room: string }
  | { readonly kind: 'end'; readonly client: number }
  | { readonly kind: 'delete'; readonly room: string }
  | { readonly kind: 'hold' | 'release' | 'turn' };

const client = fc.nat({ max: 2 });
const room = fc.constantFrom('a', 'b');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('join', 'join', 'subscribe', 'leave', 'leave'), client, room }),
  fc.record({ kind: fc.constantFrom('hold', 'release', 'turn', 'turn') }),
  fc.record({ kind: fc.constant('delete'), room }),
  fc.record({ kind: fc.constant('end'), client }),
);

describe('joins, leaves, deletions and ends in any order, over a slow broker', () => {
  it('leave every room with exactly those who are in it, and nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const broker = new UnreliableBroker();
        const test = await TestHub.start({ dependencies: { broker } });
        const clients = [];
        for (const userId of ['ann', 'ann', 'bob']) clients.push(await test.connect({ userId }));
        for (const next of steps) await play({ test, broker, clients }, next);
        broker.release();
        await test.settle();
        await expectTruth(test, clients);
        for (const { connection } of clients) connection.closed(1000, '');
        await test.settle();
        expect([await leftBehind(test), broker.subscriptionCount]).toEqual([nothing, 0]);
      }),
      { numRuns: 200 },
    );
  });

  /** Nothing is awaited but turns, so that everything overlaps. */
  async function play(
    { test, broker, clients }: { test: TestHub; broker: UnreliableBroker; clients: readonly TestClient[] },
    next: Step,
  ): Promise<void> {
    const ignore = () => undefined;
    const connectionOf = (index: number) => clients[index]!.connection;
    switch (next.kind) {
      case 'join':
        return void connectionOf(next.client).join(next.room).catch(ignore);
      case 'subscribe':
        return void test.hub.join(connectionOf(next.client).id, next.room, { role: 'subscriber' }).catch(ignore);
      case 'leave':
        return void connectionOf(next.client).leave(next.room).catch(ignore);
      case 'end': {
        connectionOf(next.client).closed(1006, '');
        return;
      }
      case 'delete':
        return void test.hub.deleteRoom(next.room).catch(ignore);
      case 'hold': {
        broker.hold();
        return;
      }
      case 'release': {
        broker.release();
        return;
      }
      case 'turn':
        return test.settle();
    }
  }

  async function expectTruth({ hub }: TestHub, clients: readonly TestClient[]): Promise<void> {
    for (const name of ['a', 'b']) {
      const inside = clients.filter(({ connection }) => connection.rooms.includes(name));
      const { members = 0, subscribers = 0 } = hub.roomInfo(name) ?? {};
      expect(members + subscribers).toBe(inside.length);
      expect(await hub.sendToRoom(name, { event: 'x' })).toMatchObject({ queued: inside.length, dropped: 0 });
      const users = await hub.roomMembers(name);
      const present = new Set(inside.map(({ connection }) => connection.userId));
      // Subscribers are in the room and not present; nobody is present who is not in the room.
      expect(users.every(({ userId }) => present.has(userId))).toBe(true);
      expect(users.length > 0).toBe(members > 0);
    }
  }
});
