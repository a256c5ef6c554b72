import fc from 'fast-check';
import { RoomCursor } from './room-cursor.js';

const at = (offset: number, epoch = 'e') => ({ offset, epoch });

function cursorAt(offset: number): RoomCursor {
  const cursor = new RoomCursor();
  cursor.goOn(at(offset), undefined);
  return cursor;
}

describe('the position in a room', () => {
  it('moves with each message, passes by what it has had, and shows what is missing', () => {
    const cursor = cursorAt(4);
    expect(cursor.take(at(5))).toBe('next');
    expect(cursor.take(at(5))).toBe('known');
    expect(cursor.take(at(7))).toBe('gap');
    expect(cursor.take({ ...at(9), prevOffset: 5 })).toBe('next');
    expect(cursor.take(at(10, 'another'))).toBe('gap');
    expect(cursor.position).toEqual(at(9));
  });

  it('begins with the first message where the client did not ask to be in the room', () => {
    const cursor = new RoomCursor();
    expect(cursor.take(at(7))).toBe('next');
    expect(cursor.position).toEqual(at(7));
  });

  it('moves with an own message only once those before it have come', () => {
    const cursor = cursorAt(4);
    cursor.sent(at(5));
    expect(cursor.position).toEqual(at(5));
    cursor.sent(at(7));
    cursor.sent(at(8, 'another'));
    expect(cursor.position).toEqual(at(5));
    expect(cursor.take(at(6))).toBe('next');
    expect(cursor.position).toEqual(at(7));
  });

  it('remembers a bounded number of own messages', () => {
    const cursor = cursorAt(0);
    for (let offset = 2; offset < 1_000; offset += 1) cursor.sent(at(offset));
    cursor.take(at(1));
    expect(cursor.position).toEqual(at(1));
  });

  it('stays where it is while a recovery is asked for, and is where the answer says then', () => {
    const cursor = cursorAt(4);
    const release = cursor.hold();
    expect(cursor.take(at(5))).toBe('known');
    release();
    release();
    cursor.goOn(at(4), true);
    expect(cursor.take(at(5))).toBe('next');
    cursor.goOn(at(9, 'new'), false);
    expect(cursor.position).toEqual(at(9, 'new'));
    cursor.goOn(at(3, 'new'), false);
    expect(cursor.position).toEqual(at(3, 'new'));
    cursor.goOn(undefined, false);
    expect(cursor.position).toBeUndefined();
  });

  it('does not go back over what has come since the recovery was asked for', () => {
    const cursor = cursorAt(6);
    cursor.goOn(at(4), true);
    expect(cursor.take(at(5))).toBe('known');
    expect(cursor.take(at(7))).toBe('next');
  });

  it('is not moved by a join that asks for nothing while it follows; on a new connection it is', () => {
    const cursor = cursorAt(4);
    cursor.goOn(at(9), undefined);
    expect(cursor.position).toEqual(at(4));
    cursor.disconnected();
    cursor.goOn(at(9), undefined);
    expect(cursor.position).toEqual(at(9));
  });

  it('is for others only as far as handlers have ended', () => {
    const cursor = cursorAt(0);
    for (const offset of [1, 2, 3]) cursor.take(at(offset));
    cursor.handled(at(1));
    cursor.handled(at(3));
    expect(cursor.handledPosition).toEqual(at(1));
    cursor.handled(at(2));
    expect(cursor.handledPosition).toEqual(at(3));
  });

  it('never lets a message be missed or handled twice, however the answers to own messages come between', () => {
    const stream = fc.array(fc.record({ isOwn: fc.boolean(), answerLate: fc.nat(5), isLost: fc.boolean() }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(stream, (entries) => {
        const cursor = cursorAt(0);
        const handled: number[] = [];
        const answers: { readonly due: number; readonly offset: number }[] = [];
        let before = 0;
        const deliver = (offset: number, prevOffset: number): void => {
          const step = cursor.take({ ...at(offset), prevOffset });
          if (step === 'next') handled.push(offset);
          if (step !== 'gap') return;
          // As the server does: everything above the position, own messages among it left out.
          const from = cursor.position?.offset ?? 0;
          cursor.goOn(at(from), true);
          let last = from;
          for (let again = from + 1; again <= offset; again += 1) {
            if (entries[again - 1]?.isOwn === true) continue;
            deliver(again, last);
            last = again;
          }
        };
        entries.forEach(({ isOwn, answerLate, isLost }, index) => {
          const offset = index + 1;
          if (isOwn) answers.push({ due: index + answerLate, offset });
          for (const { due, offset: own } of answers) if (due === index) cursor.sent(at(own));
          if (isOwn) return;
          if (!isLost) deliver(offset, before);
          before = offset;
        });
        const foreign = entries.flatMap(({ isOwn }, index) => (isOwn ? [] : [index + 1]));
        const lastHeard = handled.at(-1) ?? 0;
        expect(handled).toEqual(foreign.filter((offset) => offset <= lastHeard));
      }),
      { numRuns: 300 },
    );
  });
});
