import { WscRecovery } from './wsc-recovery.js';

const room = 'kept:1';
const welcome = (session: string): string => JSON.stringify({ type: 'welcome', data: { session } });
const response = (request_id: string, data: object): string => JSON.stringify({ type: 'response', request_id, data });
const message = (offset: number): string => JSON.stringify({ type: 'notify', room, offset, epoch: 'e', data: '#' });
const request = (request_id: string, event: string, data: object) => ({ type: 'request', event, request_id, data });

/** A client that has joined, and has heard the message at 7. */
function joined(): WscRecovery {
  const recovery = new WscRecovery(room);
  recovery.hear(welcome('s1'));
  recovery.hear(response('0001', { room, offset: 6, epoch: 'e' }));
  recovery.note(message(7));
  return recovery;
}

function said(recovery: WscRecovery, text: string): unknown {
  const step = recovery.hear(text);
  return step.kind === 'say' ? JSON.parse(step.text) : step;
}

describe('a client of ours that recovers', () => {
  it('names its device and offers to resume', () => {
    const [, offers] = new WscRecovery(room).dialect.headers(3);
    expect(offers).toBe('Sec-WebSocket-Protocol: wsc.v1.json, resume.v1, device.d-3');
  });

  it('joins its room when it is welcome', () => {
    const recovery = new WscRecovery(room);
    expect(said(recovery, welcome('s1'))).toEqual(request('0001', 'join_room', { room }));
    expect(recovery.hear(response('0001', { room, offset: 6, epoch: 'e' }))).toEqual({ kind: 'joined' });
  });

  it('resumes with its session and its place when it comes back', () => {
    const recovery = joined();
    const resume = { session: 's1', rooms: { [room]: { offset: 7, epoch: 'e' } } };
    expect(said(recovery, welcome('s2'))).toEqual(request('0002', 'resume', resume));
    const answer = { resumed: true, session: 's3', rooms: { [room]: { offset: 7, epoch: 'e', recovered: true } } };
    expect(recovery.hear(response('0002', answer))).toEqual({ kind: 'back', isRecovered: true });
  });

  it('joins with its place where its session is gone', () => {
    const recovery = joined();
    recovery.hear(welcome('s2'));
    expect(said(recovery, response('0002', { resumed: false, session: 's3', rooms: {} }))).toEqual(
      request('0003', 'join_room', { room, recover: { offset: 7, epoch: 'e' } }),
    );
    const lost = { room, offset: 9, epoch: 'f', recovered: false, reason: 'epoch' };
    expect(recovery.hear(response('0003', lost))).toEqual({ kind: 'back', isRecovered: false });
  });

  it('joins with its place where its session is not to be had now, again and again', () => {
    const recovery = joined();
    const unavailable = (request_id: string, retry_after_ms?: number): string =>
      JSON.stringify({ type: 'error', request_id, error: 'WSC_UNAVAILABLE', retry_after_ms });
    recovery.hear(welcome('s2'));
    const rejoin = request('0003', 'join_room', { room, recover: { offset: 7, epoch: 'e' } });
    expect(said(recovery, unavailable('0002'))).toEqual(rejoin);
    expect(recovery.hear(unavailable('0003', 250))).toEqual({
      kind: 'say',
      text: JSON.stringify(rejoin),
      afterMs: 250,
    });
  });

  it('joins with its place where it is not in its room again', () => {
    const recovery = joined();
    recovery.hear(welcome('s2'));
    const answer = { resumed: true, session: 's3', rooms: { [room]: { error: 'WSC_UNAVAILABLE' } } };
    expect(said(recovery, response('0002', answer))).toMatchObject({ request_id: '0003', event: 'join_room' });
  });

  it('resumes what it had when its connection ended before it was resumed', () => {
    const recovery = joined();
    recovery.hear(welcome('s2'));
    expect(said(recovery, welcome('s3'))).toMatchObject({ event: 'resume', data: { session: 's1' } });
  });

  it('says what it was refused with', () => {
    const refusal = JSON.stringify({ type: 'error', request_id: '0001', error: 'WSC_FORBIDDEN' });
    expect(new WscRecovery(room).hear(refusal)).toEqual({ kind: 'failed', reason: 'WSC_FORBIDDEN' });
  });
});
