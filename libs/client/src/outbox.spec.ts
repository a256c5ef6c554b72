import { jsonClientCodec } from '@nest-wsc/protocol';
import { Link } from './link.js';
import type { Outgoing } from './offline-queue.js';
import { Outbox } from './outbox.js';
import { FakeScheduler } from './testing/fake-scheduler.js';
import { FakeSocket } from './testing/fake-socket.js';

function createOutbox() {
  const scheduler = new FakeScheduler();
  const socket = new FakeSocket();
  const link = new Link({
    socket,
    codec: jsonClientCodec,
    scheduler,
    welcomeTimeoutMs: 0,
    onWelcome: () => undefined,
    onEnvelope: () => undefined,
    onInvalid: (error) => {
      throw error;
    },
    onEnd: () => undefined,
  });
  socket.open();
  const outbox = new Outbox({ maxMessages: 10, maxBytes: 100, policy: 'reject' }, scheduler);
  outbox.attach(link, 0);
  outbox.open();
  return { outbox, socket, scheduler };
}

function createItem(payload: string): Outgoing {
  return { payload, bytes: payload.length, onSent: () => undefined, onDropped: () => undefined };
}

describe('the outbox', () => {
  it('holds messages back while the socket does, and sends them in order when it has room', () => {
    const { outbox, socket, scheduler } = createOutbox();
    socket.bufferedAmount = 101;
    outbox.send(createItem('a'));
    outbox.send(createItem('b'));
    scheduler.advance(1_000);
    expect(socket.sent).toEqual([]);
    socket.bufferedAmount = 100;
    outbox.send(createItem('c'));
    expect(socket.sent).toEqual([]);
    scheduler.advance(50);
    expect(socket.sent).toEqual(['a', 'b', 'c']);
    expect(scheduler.pendingMs).toEqual([]);
  });

  it('applies its policy to what the socket holds back', () => {
    const { outbox, socket } = createOutbox();
    socket.bufferedAmount = 101;
    outbox.send(createItem('x'.repeat(100)));
    expect(() => outbox.send(createItem('y'))).toThrow(expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED' }));
  });

  it('gives nothing to a socket that is closing, which would swallow it', () => {
    const { outbox, socket } = createOutbox();
    socket.readyState = 2;
    outbox.send(createItem('a'));
    expect(socket.sent).toEqual([]);
    expect(outbox.queuedCount).toBe(1);
  });

  it('sends nothing more once detached, and looks no more', () => {
    const { outbox, socket, scheduler } = createOutbox();
    socket.bufferedAmount = 101;
    outbox.send(createItem('a'));
    outbox.detach();
    socket.bufferedAmount = 0;
    expect(scheduler.pendingMs).toEqual([]);
    outbox.send(createItem('b'));
    expect(socket.sent).toEqual([]);
  });
});
