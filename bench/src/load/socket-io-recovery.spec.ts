import { SocketIoRecovery } from './socket-io-recovery.js';

const opened = '0{"sid":"e1","upgrades":[]}';

/** A client that has joined, and has heard the message at 5-0. */
function joined(): SocketIoRecovery {
  const recovery = new SocketIoRecovery('kept:1');
  recovery.hear(opened);
  recovery.hear('40{"sid":"s1","pid":"p1"}');
  recovery.note('42["message","#0000000000000000xx","5-0"]');
  return recovery;
}

describe('a client of Socket.IO that recovers', () => {
  it('joins its room when it is connected', () => {
    const recovery = new SocketIoRecovery('kept:1');
    expect(recovery.hear(opened)).toEqual({ kind: 'say', text: '40' });
    expect(recovery.hear('40{"sid":"s1","pid":"p1"}')).toEqual({ kind: 'say', text: '421001["join","kept:1"]' });
    expect(recovery.hear('431001["kept:1"]')).toEqual({ kind: 'joined' });
  });

  it('connects with its secret and its offset when it comes back', () => {
    expect(joined().hear(opened)).toEqual({ kind: 'say', text: '40{"pid":"p1","offset":"5-0"}' });
  });

  it.each([
    ['p1', true],
    ['p2', false],
  ])('is recovered if its secret is still the same: %s', (pid, isRecovered) => {
    const recovery = joined();
    recovery.hear(opened);
    expect(recovery.hear(`40{"sid":"s1","pid":"${pid}"}`)).toEqual({ kind: 'back', isRecovered });
  });

  it('says what it was refused with', () => {
    expect(joined().hear('44{"message":"no"}')).toEqual({ kind: 'failed', reason: '44{"message":"no"}' });
  });
});
