import { InboxPosition } from './inbox-position.js';

const at = (offset: number, epoch = 'e') => ({ offset, epoch });

function inboxWith(...offsets: readonly number[]): InboxPosition {
  const inbox = new InboxPosition();
  for (const offset of offsets) inbox.came(at(offset), offset - 1);
  return inbox;
}

describe('the position in the inbox', () => {
  it('is the last one up to which every message is acknowledged', () => {
    const inbox = inboxWith(4, 5, 6);
    expect(inbox.position).toEqual(at(3));
    inbox.acknowledged(at(4));
    inbox.acknowledged(at(6));
    expect(inbox.position).toEqual(at(4));
    inbox.acknowledged(at(5));
    expect(inbox.position).toEqual(at(6));
  });

  it('does not count what came behind a hole', () => {
    const inbox = inboxWith(4, 6);
    for (const offset of [4, 6]) inbox.acknowledged(at(offset));
    expect(inbox.position).toEqual(at(4));
    inbox.came(at(7), 4);
    inbox.acknowledged(at(7));
    expect(inbox.position).toEqual(at(7));
  });

  it('stays below a message that was not acknowledged, on the next connection too', () => {
    const inbox = inboxWith(4, 5);
    inbox.acknowledged(at(5));
    inbox.disconnected();
    expect(inbox.position).toEqual(at(3));
    inbox.came(at(4), 3);
    inbox.acknowledged(at(4));
    expect(inbox.position).toEqual(at(4));
  });

  it('begins anew with a new epoch, and with another user', () => {
    const inbox = inboxWith(4);
    inbox.came(at(1, 'new'), 0);
    inbox.acknowledged(at(1, 'new'));
    expect(inbox.position).toEqual(at(1, 'new'));
    inbox.clear();
    expect(inbox.position).toBeUndefined();
  });

  it('stays where it is once more is open than can be remembered', () => {
    const inbox = inboxWith(...Array.from({ length: 1_500 }, (_, index) => index + 1));
    for (let offset = 1; offset <= 1_500; offset += 1) inbox.acknowledged(at(offset));
    expect(inbox.position).toEqual(at(1_000));
  });
});
