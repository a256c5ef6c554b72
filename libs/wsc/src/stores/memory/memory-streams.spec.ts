import type { StreamWrite } from '../../core/ports/streams.js';
import { SystemClock } from '../../system/system-clock.js';
import { describeStreams } from '../../testing/contracts/streams.contract.js';
import { testMessage } from '../../testing/contracts/test-message.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { MemoryBroker } from './memory-broker.js';
import { MemoryStreams, type MemoryStreamsOptions } from './memory-streams.js';

describeStreams('memory', () => {
  const broker = new MemoryBroker();
  const streams = new MemoryStreams({ clock: new SystemClock(), broker });
  const close = (): void => {
    streams.close();
    broker.close();
  };
  return [{ streams, broker, close }];
});

describe('the memory streams', () => {
  const day = 86_400_000;
  const all = { maxMessages: 100, maxBytes: 1_000_000 };
  const limits = { maxMessages: 100, timeToLiveMs: 1_000 };

  function setUp(options: Omit<MemoryStreamsOptions, 'clock' | 'broker'> = {}) {
    const clock = new FakeClock();
    const broker = new MemoryBroker();
    const streams = new MemoryStreams({ clock, broker, ...options });
    const append = (room: string, id: string, write: Partial<StreamWrite> = {}) =>
      streams.append(room, { message: testMessage(id, 'x'.repeat(1_000)), limits, ...write });
    const idsOf = (room: string) => streams.readFromStart(room, all).entries.map(({ message }) => message.id);
    return { clock, broker, streams, append, idsOf };
  }

  it('tell before `append` returns', () => {
    const { broker, append } = setUp();
    const heard: unknown[] = [];
    broker.start(({ position }) => {
      heard.push(position);
      return { queued: 1, dropped: 0 };
    });
    broker.subscribe({ kind: 'room', room: 'chat:1' });
    const { position } = append('chat:1', '1');
    expect(heard).toEqual([position]);
  });

  it('keep a message for its time to the millisecond', async () => {
    const { clock, streams, append, idsOf } = setUp();
    const { position } = append('chat:1', '1');
    await clock.advance(1);
    append('chat:1', '2');
    await clock.advance(998);
    expect(idsOf('chat:1')).toEqual(['1', '2']);
    await clock.advance(1);
    expect(idsOf('chat:1')).toEqual(['2']);
    const top = { ...position, offset: 2 };
    expect(streams.read('chat:1', { ...position, offset: 0 }, all)).toEqual({ status: 'trimmed', top });
  });

  it('know a position for a week after it was used last', async () => {
    const { clock, streams, append } = setUp();
    const { position } = append('chat:1', '1');
    const look = async (ms: number) => {
      await clock.advance(ms);
      // Two rounds of the others' turns.
      for (let index = 0; index < 4; index += 1) streams.tops(['chat:2']);
      return streams.tops(['chat:1'])[0];
    };
    expect(await look(7 * day - 1)).toEqual(position);
    expect(await look(7 * day - 1)).toEqual(position);
    const next = await look(7 * day);
    expect(next?.offset).toBe(0);
    expect(next?.epoch).not.toBe(position.epoch);
  });

  it('forget the stream that was not used for longest where there are too many', () => {
    const { streams, append, idsOf } = setUp({ maxStreams: 2 });
    append('chat:1', '1');
    const { position } = append('chat:2', '2');
    expect(idsOf('chat:1')).toEqual(['1']);
    append('chat:3', '3');
    expect(idsOf('chat:1')).toEqual(['1']);
    expect(streams.read('chat:2', position, all).status).toBe('epoch');
  });

  it('keep what they have, however many rooms without messages are asked for', () => {
    const { streams, append, idsOf } = setUp({ maxStreams: 1 });
    const { position } = append('chat:1', '1');
    const names = Array.from({ length: 100 }, (_, index) => `chat:new:${index}`);
    const tops = streams.tops(names);
    for (const name of names) {
      streams.readFromStart(name, all);
      streams.read(name, position, all);
    }
    expect(idsOf('chat:1')).toEqual(['1']);
    expect(streams.tops(names)).toEqual(tops);
  });

  it('forget the room without messages that was not asked for for longest where there are too many', () => {
    const { streams, append } = setUp({ maxEmptyRooms: 2 });
    const [first, second] = streams.tops(['chat:1', 'chat:2']);
    streams.tops(['chat:1', 'chat:3']);
    expect(streams.tops(['chat:1'])).toEqual([first]);
    expect(streams.tops(['chat:2'])[0]?.epoch).not.toBe(second?.epoch);
    expect(append('chat:2', '1').position.offset).toBe(1);
  });

  it('trim the room that takes more than an eighth, before others lose anything', () => {
    const { append, idsOf } = setUp({ maxBytes: 20_000 });
    append('chat:1', '1');
    append('chat:2', '2');
    for (let index = 0; index < 100; index += 1) append('flooded', String(index));
    append('chat:3', '3');
    expect(['chat:1', 'chat:2', 'chat:3'].map(idsOf)).toEqual([['1'], ['2'], ['3']]);
    expect(idsOf('flooded').at(-1)).toBe('99');
    expect(idsOf('flooded').length).toBeGreaterThan(5);
  });

  it('forget the streams that were not used for longest where they take too much', () => {
    const { append, idsOf } = setUp({ maxBytes: 5_000 });
    for (const room of ['chat:1', 'chat:2', 'chat:3']) append(room, room);
    idsOf('chat:1');
    append('chat:4', 'chat:4');
    expect(['chat:1', 'chat:3', 'chat:4', 'chat:2'].map(idsOf)).toEqual([['chat:1'], ['chat:3'], ['chat:4'], []]);
  });

  it('trim a stream that alone takes too much, and count on', () => {
    const { append, idsOf } = setUp({ maxBytes: 5_000 });
    const positions = ['1', '2', '3', '4', '5'].map((id) => append('chat:1', id).position);
    expect(idsOf('chat:1')).toEqual(['3', '4', '5']);
    expect(positions.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(positions.map(({ epoch }) => epoch)).size).toBe(1);
  });

  it.each([
    ['answers', (index: number) => ({ once: { key: `${index}${'x'.repeat(500)}`, windowMs: day } })],
    ['versions', (index: number) => ({ version: { key: `${index}${'x'.repeat(500)}`, value: index } })],
  ])('hold what they note beside the messages to the bytes: %s', (_, write) => {
    const { append, idsOf } = setUp({ maxBytes: 10_000 });
    for (let index = 0; index < 100; index += 1) append('chat:1', String(index), write(index));
    expect(idsOf('chat:1')).toEqual(['99']);
    expect(append('chat:1', 'again', write(99)).status).not.toBe('stored');
    expect(append('chat:1', 'again', write(0)).status).toBe('stored');
  });

  it('refuse a message that is more than all may take, and keep what they have', () => {
    const { append, idsOf } = setUp({ maxBytes: 5_000 });
    append('chat:1', '1');
    const tooLarge = () => append('chat:2', '2', { message: testMessage('2', 'x'.repeat(5_000)) });
    expect(tooLarge).toThrow(expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED' }));
    expect(idsOf('chat:1')).toEqual(['1']);
  });

  it('give back the bytes of messages whose time is up, of streams that nobody uses', async () => {
    const { clock, append, idsOf } = setUp({ maxBytes: 20_000 });
    const kept = append('early', '1', { limits: { ...limits, timeToLiveMs: day } }).position;
    for (let index = 0; index < 10; index += 1) append(`early:${index}`, '1');
    await clock.advance(1_000);
    for (let index = 0; index < 20; index += 1) idsOf('chat:1');
    for (let index = 0; index < 11; index += 1) append(`late:${index}`, '1');
    expect(idsOf('early')).toEqual(['1']);
    expect(append('early', '2').position).toEqual({ ...kept, offset: 2 });
  });

  it('give back the bytes of answers whose window is over', async () => {
    const { clock, append, idsOf } = setUp({ maxBytes: 6_000 });
    const long = { limits: { ...limits, timeToLiveMs: day } };
    append('chat:1', '1', { ...long, once: { key: 'x'.repeat(1_000), windowMs: 1_000 } });
    await clock.advance(1_000);
    for (const room of ['chat:2', 'chat:3']) append(room, '1', long);
    expect(idsOf('chat:1')).toEqual(['1']);
  });

  it('give back everything that they took', async () => {
    const { clock, streams, append, idsOf } = setUp({ maxBytes: 3_000 });
    for (let round = 0; round < 10; round += 1) {
      append('chat:1', '1', { once: { key: 'k', windowMs: 1 }, version: { key: 'k', value: 1 } });
      streams.delete('chat:1');
      append('chat:2', '1', { once: { key: 'k', windowMs: 1 } });
      await clock.advance(2_000);
    }
    append('chat:3', '1');
    append('chat:4', '1', { message: testMessage('1', '') });
    expect([idsOf('chat:3'), idsOf('chat:4')]).toEqual([['1'], ['1']]);
  });
});
