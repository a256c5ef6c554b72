import { WscError } from '@nest-wsc/protocol';
import { MemoryPresence } from '../../stores/memory/memory-presence.js';
import { TestHub } from '../../testing/test-hub.js';
import type { HubEvent } from '../extensions/events.js';
import type { PresenceEntry, PresenceListener, RoomArrival } from '../ports/presence.js';

/** A presence that can be down for users or for a room, and whose news a test makes up. */
class NewsPresence extends MemoryPresence {
  news: PresenceListener | undefined;
  isDownForUsers = false;
  downRoom: string | undefined;

  override start(listener?: PresenceListener): void {
    this.news = listener;
  }

  override added(entry: PresenceEntry): { readonly isFirst: boolean } {
    if (this.isDownForUsers) throw new WscError('WSC_UNAVAILABLE');
    return super.added(entry);
  }

  override joined(entry: PresenceEntry, room: string): RoomArrival {
    if (room === this.downRoom) throw new WscError('WSC_UNAVAILABLE');
    return super.joined(entry, room);
  }
}

function listen({ hub }: TestHub, ...names: readonly HubEvent['name'][]): HubEvent[] {
  const heard: HubEvent[] = [];
  for (const name of names) hub.events.on(name, (event) => void heard.push(event));
  return heard;
}

describe('a user who came while presence was down', () => {
  it('is told online once presence knows, unless the connection has gone meanwhile', async () => {
    const presence = new NewsPresence();
    await using test = await TestHub.start({ dependencies: { presence } });
    const heard = listen(test, 'user.online');
    presence.isDownForUsers = true;
    const ann = await test.connect({ userId: 'ann' });
    expect(heard).toEqual([]);
    presence.news?.returned('ann');
    await test.settle();
    expect(heard).toMatchObject([{ userId: 'ann', connectionId: ann.connection.id }]);
    await ann.disconnect();
    presence.news?.returned('ann');
    await test.settle();
    expect(heard).toHaveLength(1);
  });

  it('is told in the rooms joined before `welcome`: in one when presence knows, in the others at once', async () => {
    const presence = new NewsPresence();
    await using test = await TestHub.start({ dependencies: { presence } });
    test.hub.namespaces.define('chat', { announceMembers: true, presence: true });
    const bob = await test.connect({ userId: 'bob' });
    await bob.connection.join('chat:1');
    await test.clock.advance(1_000);
    const before = bob.messages.length;
    const heard = listen(test, 'room.joined', 'room.left');
    test.hub.hooks.onConnect(async (connection) => {
      for (const room of ['chat:1', 'chat:2']) await connection.join(room);
    });
    presence.downRoom = 'chat:1';
    const ann = await test.connect({ userId: 'ann' });
    expect(heard).toMatchObject([{ name: 'room.joined', room: 'chat:2' }]);
    presence.news?.returnedTo('chat:1', 'ann', false);
    await test.clock.advance(1_000);
    expect(bob.messages.slice(before)).toMatchObject([
      { event: 'room_joined', data: { user_id: 'ann' } },
      { event: 'user_status', data: { user_id: 'ann', status: 'online' } },
    ]);
    await ann.connection.leave('chat:1');
    presence.news?.returnedTo('chat:1', 'ann', false);
    await test.settle();
    expect(heard.slice(1)).toMatchObject([
      { name: 'room.joined', room: 'chat:1' },
      { name: 'room.left', room: 'chat:1' },
    ]);
  });
});
