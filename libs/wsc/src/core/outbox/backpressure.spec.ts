import type { OutboxLimits } from '../hub-options.js';
import { backpressures } from './backpressure.js';
import { message, roomMessage, setUp } from './outbox.fixture.js';

/** An outbox whose link refuses bytes from now on, with a budget that is empty. */
async function block(limits: Partial<OutboxLimits> = {}) {
  const { open, turn } = setUp({ maxBytes: 0, ...limits });
  const opened = open();
  opened.link.isBlocked = true;
  opened.outbox.push(message(''));
  await turn();
  return opened;
}

describe('a blocked outbox within its budget', () => {
  it.each(backpressures.filter((policy) => policy !== 'catch-up'))('drops nothing of a %s room', async (policy) => {
    const { outbox, dropped, unblock, heard } = await block({ maxMessages: 3 });
    for (const text of ['1', '2', '3']) expect(outbox.push(roomMessage(text, policy))).toBe(true);
    unblock();
    expect([heard(), dropped]).toEqual(['123', []]);
  });

  it('takes half of it from a catch-up room, whose messages can come later, and the rest from others', async () => {
    const { outbox, dropped, unblock, heard } = await block({ maxMessages: 4 });
    for (const text of ['1', '2', '3']) expect(outbox.push(roomMessage(text, 'catch-up'))).toBe(text !== '3');
    expect(outbox.push(message('a'))).toBe(true);
    expect(outbox.push(message('b'))).toBe(true);
    unblock();
    expect([heard(), dropped]).toEqual(['12ab', []]);
  });
});

describe('a message of a close room over the budget', () => {
  it('fails the outbox, whatever else could be dropped', async () => {
    const { outbox, failures, dropped } = await block({ maxMessages: 1 });
    outbox.push(roomMessage('1', 'drop-oldest'));
    expect([outbox.push(roomMessage('2', 'close')), failures, dropped]).toEqual([false, ['over-budget'], []]);
  });
});

describe('a message of a drop-oldest room over the budget', () => {
  it('takes the place of the oldest message of its room, and the order of the others stays', async () => {
    const { outbox, dropped, unblock, heard } = await block({ maxMessages: 4 });
    outbox.push(message('a'));
    outbox.push(roomMessage('1', 'drop-oldest'));
    outbox.push(message('b'));
    for (const text of ['2', '3', '4', '5']) expect(outbox.push(roomMessage(text, 'drop-oldest'))).toBe(true);
    expect(dropped).toEqual(['1', '2', '3']);
    unblock();
    expect(heard()).toBe('ab45');
  });

  it('takes as many places as its bytes need, and drops none in vain', async () => {
    const { outbox, dropped, failures, unblock, heard } = await block({ maxBytes: 10 });
    for (const text of ['1111', '2222', '33']) outbox.push(roomMessage(text, 'drop-oldest'));
    expect(outbox.push(roomMessage('444444', 'drop-oldest'))).toBe(true);
    expect(dropped).toEqual(['1111', '2222']);
    expect(outbox.push(roomMessage('larger than the budget', 'drop-oldest'))).toBe(true);
    unblock();
    expect([heard(), failures]).toEqual(['larger than the budget', []]);
  });

  it("leaves other rooms' messages alone, and fails the outbox where its own are not enough", async () => {
    const { outbox, dropped, failures } = await block({ maxMessages: 3 });
    outbox.push(roomMessage('1', 'drop-oldest', { room: 'one' }));
    outbox.push(roomMessage('2', 'drop-oldest', { room: 'other' }));
    outbox.push(roomMessage('3', 'latest-only'));
    expect(outbox.push(roomMessage('4', 'drop-oldest', { room: 'one' }))).toBe(true);
    expect(dropped).toEqual(['1']);
    expect(outbox.push(roomMessage('5', 'drop-oldest', { room: 'a third' }))).toBe(false);
    expect([dropped, failures]).toEqual([['1'], ['over-budget']]);
  });

  it('makes room in the high lane where that lane is full', async () => {
    const { outbox, dropped, unblock, heard } = await block({ maxMessages: 10, maxHighMessages: 2 });
    outbox.push(roomMessage('1', 'drop-oldest'));
    for (const text of ['A', 'B', 'C']) outbox.push(roomMessage(text, 'drop-oldest', { lane: 'high' }));
    expect(dropped).toEqual(['A']);
    unblock();
    expect(heard()).toBe('BC1');
  });

  it('fails the outbox where the high lane is full of what must not be dropped', async () => {
    const { outbox, failures } = await block({ maxMessages: 10, maxHighMessages: 1 });
    outbox.push(roomMessage('1', 'drop-oldest'));
    outbox.push(message('A', 'high'));
    expect(outbox.push(roomMessage('B', 'drop-oldest', { lane: 'high' }))).toBe(false);
    expect(failures).toEqual(['over-budget']);
  });

  it('goes on for ever beside one that stays at the head', async () => {
    const { outbox, dropped, unblock, heard } = await block({ maxMessages: 10 });
    outbox.push(message('a'));
    for (let index = 0; index < 1_000; index += 1) outbox.push(roomMessage(`${index};`, 'drop-oldest'));
    expect(dropped).toHaveLength(991);
    unblock();
    expect(heard()).toBe('a991;992;993;994;995;996;997;998;999;');
  });
});

describe('a message of a drop-newest room over the budget', () => {
  it('is left out itself, and what is queued stays', async () => {
    const { outbox, dropped, failures, unblock, heard } = await block({ maxMessages: 2 });
    const results = ['1', '2', '3', '4'].map((text) => outbox.push(roomMessage(text, 'drop-newest')));
    expect(results).toEqual([true, true, false, false]);
    unblock();
    expect([heard(), dropped, failures]).toEqual(['12', ['new 3', 'new 4'], []]);
  });
});

describe('a message of a latest-only room over the budget', () => {
  it('leaves only the newest message of each key queued', async () => {
    const { outbox, dropped, unblock, heard } = await block({ maxMessages: 6 });
    for (const text of ['a1', 'b1', 'a2', 'c1', 'a3', 'b2']) {
      outbox.push(roomMessage(text, 'latest-only', { key: text.charAt(0) }));
    }
    expect(outbox.push(roomMessage('c2', 'latest-only', { key: 'c' }))).toBe(true);
    expect(dropped).toEqual(['a1', 'a2', 'b1', 'c1']);
    for (const text of ['a4', 'd1', 'd2']) outbox.push(roomMessage(text, 'latest-only', { key: text.charAt(0) }));
    expect(dropped).toEqual(['a1', 'a2', 'b1', 'c1']);
    outbox.push(roomMessage('a5', 'latest-only', { key: 'a' }));
    expect(dropped).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'd1', 'a4']);
    unblock();
    expect(heard()).toBe('b2c2d2a5');
  });

  it('fails the outbox where every queued message is the newest of its key', async () => {
    const { outbox, dropped, failures } = await block({ maxMessages: 2 });
    for (const key of ['a', 'b']) outbox.push(roomMessage(key, 'latest-only', { key }));
    expect(outbox.push(roomMessage('a', 'latest-only', { key: 'a' }))).toBe(true);
    expect(outbox.push(roomMessage('c', 'latest-only', { key: 'c' }))).toBe(false);
    expect([dropped, failures]).toEqual([['a'], ['over-budget']]);
  });

  it('supersedes nothing of another room, and none of its key that has left', async () => {
    const { outbox, dropped, link, unblock, heard } = await block({ maxMessages: 3 });
    outbox.push(roomMessage('x'.repeat(65_536), 'latest-only', { key: 'a' }));
    outbox.push(roomMessage('1', 'latest-only', { room: 'other', key: 'a' }));
    outbox.push(roomMessage('b', 'latest-only', { key: 'b' }));
    outbox.push(roomMessage('B', 'latest-only', { key: 'b' }));
    outbox.drained();
    outbox.push(roomMessage('2', 'latest-only', { room: 'other', key: 'c' }));
    outbox.push(roomMessage('3', 'latest-only', { room: 'other', key: 'c' }));
    expect([dropped, link.writes.at(-1)?.length]).toEqual([['b', '2'], 65_536]);
    unblock();
    expect(heard().replaceAll('x', '')).toBe('1B3');
  });
});

describe('a message that is never dropped', () => {
  it('makes room for itself over the budget: the oldest that may be dropped go, of any room', async () => {
    const { outbox, dropped, failures, unblock, heard } = await block({ maxMessages: 5 });
    outbox.push(roomMessage('0', 'close'));
    outbox.push(roomMessage('1', 'latest-only'));
    outbox.push(message('a'));
    outbox.push(roomMessage('2', 'drop-newest'));
    outbox.push(roomMessage('3', 'drop-oldest'));
    for (const text of ['b', 'c']) expect(outbox.push(message(text))).toBe(true);
    expect(dropped).toEqual(['1', '2']);
    unblock();
    expect([heard(), failures]).toEqual(['0a3bc', []]);
  });

  it('fails the outbox where nothing is left that may be dropped', async () => {
    const { outbox, dropped, failures } = await block({ maxMessages: 2 });
    outbox.push(roomMessage('1', 'drop-oldest'));
    outbox.push(roomMessage('0', 'close'));
    expect([outbox.push(message('a')), outbox.push(message('b')), failures]).toEqual([true, false, ['over-budget']]);
    expect(dropped).toEqual(['1']);
  });

  it('makes room in the high lane where that lane is full', async () => {
    const { outbox, dropped, unblock, heard } = await block({ maxMessages: 10, maxHighMessages: 2 });
    outbox.push(roomMessage('1', 'drop-oldest'));
    for (const text of ['A', 'B']) outbox.push(roomMessage(text, 'drop-newest', { lane: 'high' }));
    outbox.push(message('C', 'high'));
    expect(dropped).toEqual(['A']);
    unblock();
    expect(heard()).toBe('BC1');
  });
});

describe('what the turn sent in which the link refused', () => {
  async function flood() {
    const { open, turn } = setUp({ maxMessages: 2, maxBytes: 0 });
    const flooded = open();
    flooded.link.isBlocked = true;
    for (let index = 0; index < 256; index += 1) flooded.outbox.push(message(''));
    for (let index = 0; index < 10; index += 1) flooded.outbox.push(roomMessage(`${index}`, 'drop-oldest'));
    return { ...flooded, turn };
  }

  it('does not count, so its going would make no room: it stays', async () => {
    const { outbox, dropped, turn, unblock, heard } = await flood();
    await turn();
    for (const text of ['a', 'b']) outbox.push(roomMessage(text, 'drop-oldest'));
    expect(dropped).toEqual([]);
    outbox.push(roomMessage('c', 'drop-oldest'));
    expect(dropped).toEqual(['a']);
    unblock();
    expect(heard()).toBe('0123456789bc');
  });

  it('is dropped within that turn only beyond sixteen budgets', async () => {
    const { outbox, dropped } = await flood();
    for (let index = 10; index < 33; index += 1) outbox.push(roomMessage(`${index}`, 'drop-oldest'));
    expect(dropped).toEqual(['0']);
  });
});

describe('an outbox that is not open yet', () => {
  it('writes nothing, and sends what it held behind the first message, by the same policies', async () => {
    const { hold, turn, clock } = setUp({ maxMessages: 3 });
    const { outbox, link, dropped, failures, heard } = hold();
    outbox.push(message('A', 'high'));
    for (const text of ['1', '2', '3']) outbox.push(roomMessage(text, 'drop-oldest'));
    outbox.drained();
    await clock.advance(60_000);
    expect([link.writes, dropped, failures]).toEqual([[], ['1'], []]);
    outbox.open(message('welcome ', 'high'));
    outbox.open(message('again', 'high'));
    await turn();
    expect(heard()).toBe('welcome A23');
  });

  it('fails over its budget, once', () => {
    const { hold } = setUp({ maxMessages: 2 });
    const { outbox, failures } = hold();
    expect(['1', '2', '3', '4'].map((text) => outbox.push(message(text)))).toEqual([true, true, false, false]);
    expect([failures, outbox.queuedBytes]).toEqual([['over-budget'], 0]);
  });

  it('drains at once, and nothing of what it held ever leaves', async () => {
    const { hold, turn } = setUp();
    const { outbox, heard } = hold();
    outbox.push(message('1'));
    const done: string[] = [];
    outbox.drain(() => {
      done.push('drained');
      outbox.close();
    });
    outbox.open(message('welcome', 'high'));
    await turn();
    expect([done, heard()]).toEqual([['drained'], '']);
  });
});
