import fc from 'fast-check';
import { encodeNodeMessage, parseNodeMessage } from './node-messages.js';

const message = { id: 'm1', event: 'note', data: { a: [1] }, priority: 'high', timestamp: 1, ack: { attempt: 1 } };
const send = { kind: 'send', connectionId: 'c1', message };

const question = (request: unknown): Buffer =>
  Buffer.from(JSON.stringify({ v: 1, from: 'a', kind: 'question', id: 1, request }));
const notice = (value: unknown): Buffer =>
  Buffer.from(JSON.stringify({ v: 1, from: 'a', kind: 'notice', notice: value }));

describe('what a node says to another', () => {
  it('is read as it was written, whatever the answer is', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.jsonValue(), (from, id, value) => {
        const answer = { kind: 'answer', id, value } as const;
        const read = parseNodeMessage(Buffer.from(encodeNodeMessage(from, answer)));
        expect(JSON.stringify(read)).toBe(JSON.stringify({ from, message: answer }));
      }),
    );
  });

  it('is nothing where it is something else, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)), (bytes) => {
        expect(parseNodeMessage(Buffer.from(bytes))).toBeUndefined();
      }),
    );
  });

  it('is nothing where a request of any shape is none', () => {
    const kinds = [
      'stats',
      'revoked',
      'closeUser',
      'closeConnection',
      'closeRoom',
      'join',
      'leave',
      'send',
      '__proto__',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...kinds.slice(1)), fc.dictionary(fc.string(), fc.jsonValue()), (kind, fields) => {
        expect(parseNodeMessage(question({ ...fields, kind }))).toBeUndefined();
      }),
    );
  });

  it('is a request to send with all that a message has', () => {
    expect(parseNodeMessage(question(send))).toMatchObject({ message: { request: send } });
  });

  it.each([
    [
      'a close code that no frame can carry',
      { kind: 'closeUser', userId: 'ann', closeCode: { code: 999, reason: '' } },
    ],
    [
      'a reason that is too long',
      { kind: 'closeUser', userId: 'ann', closeCode: { code: 4000, reason: 'x'.repeat(124) } },
    ],
    ['a user id that is none', { kind: 'closeUser', userId: 'a b', closeCode: { code: 4000, reason: '' } }],
    ['a room that is none', { kind: 'closeRoom', room: 'a b', reason: '' }],
    ['a message for a room that is none', { kind: 'closeRoom', room: 'r', reason: '', message: {} }],
    ['a role that is none', { kind: 'join', connectionId: 'c1', room: 'r', role: 'owner' }],
    ['an event that is none', { ...send, message: { ...message, event: 'a b' } }],
    ['a priority that is none', { ...send, message: { ...message, priority: 'low' } }],
    ['a sender that is no text', { ...send, message: { ...message, from: 1 } }],
    ['an attempt that is no number', { ...send, message: { ...message, ack: { attempt: '1' } } }],
  ])('is nothing with %s', (_, request) => {
    expect(parseNodeMessage(question(request))).toBeUndefined();
  });

  it.each([
    [{ kind: 'acked', messageId: '1', userId: 'ann', deviceId: 'd' }],
    [{ kind: 'handed', messageId: '1', userId: 'ann', attempt: 1, queued: '1', dropped: 0 }],
    [{ kind: 'other', messageId: '1', userId: 'ann' }],
    [null],
  ])('is nothing where a notice is %j', (value) => {
    expect(parseNodeMessage(notice(value))).toBeUndefined();
  });
});
