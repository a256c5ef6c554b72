import { WscError } from '@nest-wsc/protocol';
import { FakeClock } from '../../testing/fake-clock.js';
import { testMessage } from '../../testing/contracts/test-message.js';
import type { MessageEncoder } from '../messages/message-encoder.js';
import type { StreamEntry, StreamPosition, StreamRead } from '../ports/streams.js';
import { SharedPages } from './shared-pages.js';

const at = (offset: number): StreamPosition => ({ offset, epoch: 'e' });
const room = 'chat:1';

/** A store in which entries 1 to `top` stand, and a feed of each room that is told where it is. */
function start() {
  const clock = new FakeClock();
  const state = { top: 3, position: at(3), isBroken: false, readCount: 0, encoderCount: 0 };
  const entries: readonly StreamEntry[] = [1, 2, 3, 4].map((offset) => ({
    offset,
    message: testMessage(String(offset)),
  }));
  const read = (_room: string, since: StreamPosition): StreamRead => {
    state.readCount += 1;
    if (state.isBroken) throw new WscError('WSC_UNAVAILABLE');
    const found = entries.filter(({ offset }) => offset > since.offset && offset <= state.top);
    return { status: 'ok', entries: found, top: at(state.top) };
  };
  const encoderFor = (): MessageEncoder => {
    state.encoderCount += 1;
    return {} as MessageEncoder; // Whoever asks only keeps it.
  };
  const pages = new SharedPages({
    clock,
    streams: { read },
    feeds: { positionOf: () => state.position },
    entries: { encoderFor },
  });
  const offsets = async (since: number): Promise<readonly number[]> => {
    const page = await pages.read(room, at(since));
    if (page.read.status !== 'ok') throw new Error('It is not whole.');
    for (const entry of page.read.entries) page.encoderOf(entry);
    return page.read.entries.map(({ offset }) => offset);
  };
  return { clock, state, pages, offsets };
}

describe('a page of a room', () => {
  it('is read and encoded once for all who are at the same place', async () => {
    const { state, offsets } = start();
    expect(await Promise.all([offsets(1), offsets(1)])).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect(await offsets(1)).toEqual([2, 3]);
    expect([state.readCount, state.encoderCount]).toEqual([1, 2]);
    await offsets(2);
    expect(state.readCount).toBe(2);
  });

  it('is not what it was once the room has gone on', async () => {
    const { state, offsets } = start();
    await offsets(1);
    state.top = 4;
    state.position = at(4);
    expect(await offsets(1)).toEqual([2, 3, 4]);
  });

  it('is forgotten after a second', async () => {
    const { clock, state, offsets } = start();
    await offsets(1);
    await clock.advance(1_000);
    await offsets(1);
    expect(state.readCount).toBe(2);
  });

  it('that could not be read, or was empty, is read anew', async () => {
    const { state, offsets } = start();
    state.isBroken = true;
    await expect(offsets(1)).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    state.isBroken = false;
    expect(await offsets(1)).toEqual([2, 3]);
    expect(await offsets(3)).toEqual([]);
    // Stored, and this node has not heard of it yet.
    state.top = 4;
    expect(await offsets(3)).toEqual([4]);
  });

  it('is read for one alone where there are too many to keep', async () => {
    const { state, pages, offsets } = start();
    for (let other = 0; other < 64; other++) await pages.read(`chat:${String(other)}x`, at(0));
    await offsets(1);
    await offsets(1);
    expect(state.readCount).toBe(66);
    pages.close();
  });
});
