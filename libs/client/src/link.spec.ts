import { closeCodes, jsonClientCodec, type ServerEnvelope, type WscError } from '@nest-wsc/protocol';
import { Link, type LinkEnd } from './link.js';
import { FakeScheduler } from './testing/fake-scheduler.js';
import { FakeSocket } from './testing/fake-socket.js';

function createLink(socket = new FakeSocket()) {
  const scheduler = new FakeScheduler();
  const ends: LinkEnd[] = [];
  const envelopes: ServerEnvelope[] = [];
  const invalid: WscError[] = [];
  let welcomes = 0;
  const link = new Link({
    socket,
    codec: jsonClientCodec,
    scheduler,
    welcomeTimeoutMs: 15_000,
    onWelcome: () => (welcomes += 1),
    onEnvelope: (envelope) => envelopes.push(envelope),
    onInvalid: (error) => invalid.push(error),
    onEnd: (end) => ends.push(end),
  });
  return { link, socket, scheduler, ends, envelopes, invalid, welcomes: () => welcomes };
}

describe('a link', () => {
  it('is up with the first welcome and no other', () => {
    const { link, socket, scheduler, welcomes } = createLink();
    expect(link.isWritable).toBe(false);
    socket.open();
    socket.open();
    expect(welcomes()).toBe(1);
    expect(link.isWritable).toBe(true);
    expect(scheduler.pendingMs).toEqual([]);
  });

  it('ends when no welcome comes in time, and tells whether it was accepted', () => {
    const accepted = createLink();
    accepted.socket.accept();
    const ignored = createLink();
    for (const { scheduler } of [accepted, ignored]) scheduler.advance(15_000);
    expect(accepted.ends).toEqual([{ code: 1006, reason: 'no welcome in time', wasAccepted: true, wasUp: false }]);
    expect(ignored.ends).toMatchObject([{ wasAccepted: false }]);
  });

  it('ends once, however often its socket says so', () => {
    const { socket, ends, scheduler } = createLink();
    socket.open();
    socket.emit('close', { code: 4001, reason: 'token expired' });
    socket.emit('error');
    socket.emit('close');
    scheduler.advance(60_000);
    expect(ends).toEqual([{ code: 4001, reason: 'token expired', wasAccepted: true, wasUp: true }]);
  });

  it('ends after an error that no close follows, as with the WebSocket of Node 22', () => {
    const { socket, ends, scheduler } = createLink();
    socket.emit('error');
    expect(ends).toEqual([]);
    scheduler.advance(100);
    expect(ends).toMatchObject([{ code: 1006, wasAccepted: false }]);
  });

  it('prefers the close that follows an error, which says more', () => {
    const { socket, ends, scheduler } = createLink();
    socket.emit('error');
    socket.emit('close', { code: 1015, reason: 'tls' });
    scheduler.advance(100);
    expect(ends).toMatchObject([{ code: 1015, reason: 'tls' }]);
  });

  it('ends, and throws nothing, where its socket can not send', () => {
    const { link, socket, ends } = createLink();
    socket.open();
    socket.sendError = new Error('broken pipe');
    link.send('x');
    expect(ends).toMatchObject([{ code: 1006, reason: 'broken pipe' }]);
  });

  it('waits for the end of the closing handshake, but not for ever, and hears nothing meanwhile', () => {
    const { link, socket, ends, envelopes, scheduler } = createLink();
    socket.open();
    link.close(closeCodes.normal, 2_000);
    link.close(closeCodes.normal, 2_000);
    socket.emit('message', { data: '{"type":"ping"}' });
    expect(socket.closes).toEqual([1000]);
    expect([ends, envelopes]).toEqual([[], []]);
    expect(link.isWritable).toBe(false);
    scheduler.advance(2_000);
    expect(ends).toMatchObject([{ code: 1000 }]);
  });

  it('shakes no hands before it was accepted', () => {
    const { link, ends } = createLink();
    link.close(closeCodes.normal, 2_000);
    expect(ends).toMatchObject([{ code: 1000, wasAccepted: false }]);
  });

  it('closes without a code where the platform does not allow that one', () => {
    const { link, socket } = createLink();
    socket.open();
    link.close(closeCodes.goingAway, 2_000);
    expect(socket.closes).toEqual([undefined]);
  });

  it('reads text and bytes, and reports anything else', () => {
    const { socket, envelopes, invalid } = createLink();
    socket.open();
    const bytes = new TextEncoder().encode('{"type":"ping"}');
    for (const data of ['{"type":"ping"}', bytes, bytes.buffer]) socket.emit('message', { data });
    for (const data of [new Blob(), null, 7]) socket.emit('message', { data });
    expect(envelopes).toEqual([{ type: 'ping' }, { type: 'ping' }, { type: 'ping' }]);
    expect(invalid.map(({ error }) => error)).toEqual(Array.from({ length: 3 }, () => 'WSC_INVALID_ENVELOPE'));
  });
});
