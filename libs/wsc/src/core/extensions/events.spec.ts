import { FakeClock } from '../../testing/fake-clock.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { EventBus, type HubEvent } from './events.js';

function setUp(maxQueued?: number) {
  const clock = new FakeClock({ now: 5000 });
  const logger = new MemoryLogger();
  const bus = new EventBus({ clock, logger, ...(maxQueued !== undefined && { maxQueued }) });
  const heard: string[] = [];
  const hear = (who: string) => (event: HubEvent) => {
    heard.push(`${who} ${event.name} ${event.room ?? ''}`.trimEnd());
  };
  return { clock, logger, bus, heard, hear, turn: () => clock.advance(0) };
}

describe('the event bus', () => {
  it('tells its listeners in the next turn, in order, what happened and when', async () => {
    const { bus, turn } = setUp();
    const events: HubEvent[] = [];
    bus.on('room.joined', (event) => void events.push(event));
    bus.emit('room.joined', { room: 'a', userId: 'ann' });
    bus.emit('room.joined', { room: 'b' });
    expect(events).toEqual([]);
    await turn();
    expect(events).toEqual([
      { name: 'room.joined', time: 5000, room: 'a', userId: 'ann' },
      { name: 'room.joined', time: 5000, room: 'b' },
    ]);
  });

  it('tells every listener of the name and those of everything', async () => {
    const { bus, heard, hear, turn } = setUp();
    bus.on('*', hear('all'));
    bus.on('error', hear('one'));
    bus.on('error', hear('two'));
    bus.emit('error');
    bus.emit('websocket.started');
    await turn();
    expect(heard).toEqual(['one error', 'two error', 'all error', 'all websocket.started']);
  });

  it('is disturbed by no listener that throws or rejects, and logs what it was', async () => {
    const { bus, heard, hear, logger, turn } = setUp();
    const [first, second] = [new Error('first'), new Error('second')];
    bus.on('error', () => {
      throw first;
    });
    bus.on('error', () => Promise.reject(second));
    bus.on('error', hear('third'));
    bus.emit('error');
    await turn();
    expect(heard).toEqual(['third error']);
    expect(logger.lines.map((line) => line.context)).toEqual([
      { event: 'error', cause: first },
      { event: 'error', cause: second },
    ]);
  });

  it('keeps the same listener as often as it was added, and removes one at a time', async () => {
    const { bus, heard, hear, turn } = setUp();
    const listener = hear('same');
    bus.on('error', listener);
    const remove = bus.on('error', listener);
    remove();
    remove();
    bus.emit('error');
    await turn();
    expect(heard).toEqual(['same error']);
  });

  it('asks for no turn when nobody would hear, and for one however much there is to hear', async () => {
    const { bus, clock, hear } = setUp();
    const remove = bus.on('error', hear('one'));
    expect(bus.hasListeners('error')).toBe(true);
    expect(bus.hasListeners('room.left')).toBe(false);
    remove();
    expect(bus.hasListeners('error')).toBe(false);
    const nextTurn = jest.spyOn(clock, 'nextTurn');
    bus.emit('error');
    expect(nextTurn).not.toHaveBeenCalled();
    bus.on('error', hear('one'));
    bus.emit('error');
    bus.emit('error');
    expect(nextTurn).toHaveBeenCalledTimes(1);
  });

  it('drops and counts what finds its queue full, and goes on afterwards', async () => {
    const { bus, heard, hear, turn } = setUp(2);
    bus.on('room.left', hear('one'));
    for (const room of ['a', 'b', 'c', 'd']) bus.emit('room.left', { room });
    await turn();
    expect(heard).toEqual(['one room.left a', 'one room.left b']);
    expect(bus.droppedCount).toBe(2);
    bus.emit('room.left', { room: 'e' });
    await turn();
    expect(heard.at(-1)).toBe('one room.left e');
  });

  it('delivers what a listener announces in a turn of its own', async () => {
    const { bus, heard, hear, turn } = setUp();
    bus.on('room.joined', () => bus.emit('room.left'));
    bus.on('room.left', hear('one'));
    bus.emit('room.joined');
    await turn();
    expect(heard).toEqual(['one room.left']);
  });

  it('delivers what is left when it is closed, and nothing after that', async () => {
    const { bus, heard, hear, turn } = setUp();
    bus.on('*', hear('one'));
    bus.emit('websocket.stopped');
    bus.close();
    bus.close();
    expect(heard).toEqual(['one websocket.stopped']);
    bus.emit('error');
    await turn();
    expect(heard).toHaveLength(1);
  });
});
