import type { StreamPosition, StreamRead, StreamReadLimit, Streams, StreamWrite } from '../ports/streams.js';
import { ask, heardBy, startHistoryHub, type BreakableStreams } from './history.fixture.js';

/** A store that answers reads when it is told to, as one over a network does. */
class SlowStreams implements Streams {
  readonly #streams: BreakableStreams;
  #opened: Promise<void> | undefined;
  #open: () => void = () => undefined;

  constructor(streams: BreakableStreams) {
    this.#streams = streams;
  }

  hold(): void {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#opened = undefined;
    this.#open();
  }

  async read(room: string, since: StreamPosition, limit: StreamReadLimit): Promise<StreamRead> {
    await this.#opened;
    return this.#streams.read(room, since, limit);
  }

  append = (room: string, write: StreamWrite) => this.#streams.append(room, write);
  readFromStart = (room: string, limit: StreamReadLimit) => this.#streams.readFromStart(room, limit);
  tops = (rooms: readonly string[]) => this.#streams.tops(rooms);
  delete = (room: string) => this.#streams.delete(room);
  close = () => this.#streams.close();
}

const toFive = [
  ['c', 3],
  ['d', 4],
  ['e', 5],
];

/** A client that had two of five messages, while the store takes its time with the rest. */
async function startRecovering({ latestValue = false, recover = true } = {}) {
  const made: SlowStreams[] = [];
  const wrap = (streams: BreakableStreams): SlowStreams => {
    const slow = new SlowStreams(streams);
    made.push(slow);
    return slow;
  };
  const parts = await startHistoryHub({ maxMessages: 100, latestValue }, { wrap });
  const [slow] = made;
  if (slow === undefined) throw new Error('The hub has no streams.');
  let epoch = '';
  for (const data of ['a', 'b', 'c', 'd', 'e']) ({ epoch = '' } = await parts.send(data));
  const client = await parts.test.connect();
  slow.hold();
  await ask(client, 'join_room', { room: 'chat:1', ...(recover && { recover: { offset: 2, epoch } }) });
  /** Lets the store answer. Gives the data of the hub's answer, or its error. */
  const open = async (): Promise<unknown> => {
    slow.open();
    await parts.test.settle();
    const [answer, ...more] = client.received.flatMap((envelope) => {
      if (envelope.type === 'response') return [envelope.data];
      return envelope.type === 'error' ? [envelope.error] : [];
    });
    expect(more).toEqual([]);
    return answer;
  };
  return { ...parts, client, open };
}

describe('a recovery during which the application', () => {
  it('joins the connection brings all that it promises, once and behind its answer', async () => {
    await using chat = await startRecovering();
    const { test, hub, client, open, send } = chat;
    await hub.join(client.connection.id, 'chat:1');
    await send('f');
    await test.settle();
    expect(heardBy(client)).toEqual([]);
    expect(await open()).toMatchObject({ recovered: true, from: 2, to: 6, members: 1 });
    await test.settle();
    await send('g');
    await test.settle();
    expect(heardBy(client)).toEqual([...toFive, ['f', 6], ['g', 7]]);
  });

  it('takes the connection out and puts it in again brings all that it promises', async () => {
    await using chat = await startRecovering();
    const { test, hub, client, open } = chat;
    await hub.leave(client.connection.id, 'chat:1');
    await hub.join(client.connection.id, 'chat:1');
    expect(await open()).toMatchObject({ recovered: true, from: 2, to: 5 });
    await test.settle();
    expect(heardBy(client)).toEqual(toFive);
    expect(hub.stats().recoveries).toBe(1);
  });

  it('deletes the room and fills it anew says that the past is lost', async () => {
    await using chat = await startRecovering();
    const { test, hub, client, open, send } = chat;
    await hub.deleteRoom('chat:1');
    await hub.join(client.connection.id, 'chat:1');
    expect(await open()).toMatchObject({ recovered: false, reason: 'epoch', offset: 0 });
    await send('new');
    await test.settle();
    expect(heardBy(client)).toContainEqual(['new', 1]);
  });

  it.each(['leave', 'delete'] as const)('undoes the join (%s) fails, and leaves nothing behind', async (how) => {
    await using chat = await startRecovering();
    const { test, hub, client, open, send } = chat;
    // The room goes on for somebody else.
    const other = await test.connect();
    await hub.join(other.connection.id, 'chat:1');
    if (how === 'leave') await hub.leave(client.connection.id, 'chat:1');
    else await hub.deleteRoom('chat:1');
    expect(await open()).toBe('WSC_UNAVAILABLE');
    expect(client.connection.rooms).toEqual([]);
    await send('f');
    await test.settle();
    expect(heardBy(client).filter((heard) => Array.isArray(heard) && heard[1] !== undefined)).toEqual([]);
    expect(hub.stats()).toMatchObject({ recoveries: 0, failedRecoveries: 0 });
  });

  it('has joined the connection may fail, and the connection stays in the room', async () => {
    await using chat = await startRecovering();
    const { test, hub, client, open, streams, send } = chat;
    await hub.join(client.connection.id, 'chat:1');
    streams.isBroken = true;
    expect(await open()).toBe('WSC_UNAVAILABLE');
    streams.isBroken = false;
    expect(client.connection.rooms).toEqual(['chat:1']);
    await send('f');
    await test.clock.advance(1_000);
    await test.settle();
    expect(heardBy(client)).toEqual([['f', 6]]);
  });
});

describe('a join during which the application', () => {
  it('takes the connection out fails, though others are in the room', async () => {
    await using chat = await startRecovering({ latestValue: true, recover: false });
    const { test, hub, client, open } = chat;
    const other = await test.connect();
    const joined = hub.join(other.connection.id, 'chat:1');
    await hub.leave(client.connection.id, 'chat:1');
    expect(await open()).toBe('WSC_UNAVAILABLE');
    await joined;
    expect(client.connection.rooms).toEqual([]);
  });

  it('joins the connection gives the newest message once, behind its answer', async () => {
    await using chat = await startRecovering({ latestValue: true, recover: false });
    const { test, hub, client, open } = chat;
    const joined = hub.join(client.connection.id, 'chat:1');
    await test.settle();
    expect(await open()).toMatchObject({ offset: 4 });
    await joined;
    await test.settle();
    expect(client.received.map(({ type }) => type)).toEqual(['welcome', 'response', 'notify']);
    expect(heardBy(client)).toEqual([['e', 5]]);
  });
});
