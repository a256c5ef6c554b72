import { basicCodec } from '@nest-wsc/protocol';
import { TextEncoding } from '../../testing/text-encoding.js';
import { message, setUp } from './outbox.fixture.js';

describe('an outbox whose link takes bytes', () => {
  it('writes all that one turn has sent at the end of the turn, at once', async () => {
    const { open, turn } = setUp();
    const { outbox, link, heard } = open();
    outbox.push(message('a'));
    outbox.push(message('b'));
    expect([link.writes.length, outbox.queuedBytes]).toEqual([0, 2]);
    await turn();
    expect([link.writes.length, outbox.queuedBytes]).toEqual([1, 0]);
    expect(heard()).toBe('ab');
  });

  it('waits for the flush delay where there is one', async () => {
    const { open, clock } = setUp({ flushDelayMs: 5 });
    const { outbox, heard } = open();
    outbox.push(message('a'));
    await clock.advance(4);
    outbox.push(message('b'));
    expect(heard()).toBe('');
    await clock.advance(1);
    expect(heard()).toBe('ab');
  });

  it('lets the high lane overtake what has not left yet, and nothing else', async () => {
    const { open, turn } = setUp();
    const { outbox, heard } = open();
    outbox.push(message('1'));
    await turn();
    for (const [text, lane] of [['2'], ['A', 'high'], ['3'], ['B', 'high']] as const) outbox.push(message(text, lane));
    await turn();
    expect(heard()).toBe('1AB23');
  });

  it('writes early when much is pending, and never fills its budget', async () => {
    const { open, turn } = setUp({ maxMessages: 10, maxBytes: 100 });
    const { outbox, link, failures, heard } = open();
    for (let index = 0; index < 1_000; index += 1) expect(outbox.push(message(`${index};`))).toBe(true);
    expect(link.writes.length).toBeGreaterThan(2);
    outbox.push(message('x'.repeat(64 * 1024)));
    expect(heard()).toHaveLength(3_890 + 64 * 1024);
    await turn();
    expect(heard().slice(0, 3_890)).toBe(Array.from({ length: 1_000 }, (_, index) => `${index};`).join(''));
    expect(failures).toEqual([]);
  });

  it('takes nothing once it is closed, and forgets what was pending', async () => {
    const { open, turn } = setUp();
    const { outbox, heard } = open();
    outbox.push(message('a'));
    outbox.close();
    expect([outbox.push(message('b')), outbox.queuedBytes]).toEqual([false, 0]);
    await turn();
    expect(heard()).toBe('');
  });

  it('drains at once: what is pending is written before the call comes back', () => {
    const { open } = setUp();
    const { outbox, heard } = open();
    outbox.push(message('a'));
    const order: string[] = [];
    outbox.drain(() => order.push(`drained after ${heard()}`));
    expect(order).toEqual(['drained after a']);
  });
});

describe('connections with the same pending sequence', () => {
  it('share one buffer and one write per lane', async () => {
    const { open, turn } = setUp();
    const members = [open(), open(), open()];
    for (const shared of [message('a'), message('A', 'high'), message('b'), message('B', 'high')])
      for (const { outbox } of members) outbox.push(shared);
    await turn();
    const written = members.map(({ link }) => link.writes);
    expect(written.map((writes) => writes.length)).toEqual([2, 2, 2]);
    expect(new Set(written.flat()).size).toBe(2);
    expect(members[0]?.heard()).toBe('ABab');
  });

  it('share it per encoding, however the encodings alternate', async () => {
    const { open, turn, json } = setUp();
    const other = new TextEncoding(basicCodec);
    const members = Array.from({ length: 10 }, (_, index) => open(index % 2 === 0 ? json : other));
    for (const name of ['a', 'b']) {
      const [even, odd] = [message(name), message(name.toUpperCase())];
      members.forEach(({ outbox }, index) => outbox.push(index % 2 === 0 ? even : odd));
    }
    await turn();
    expect(new Set(members.flatMap(({ link }) => link.writes)).size).toBe(2);
    expect(members.slice(0, 2).map(({ heard }) => heard())).toEqual(['ab', 'AB']);
  });

  it('share what they have in common, while one of them has a message of its own', async () => {
    const { open, turn } = setUp();
    const [alone, first, second] = [open(), open(), open()];
    alone.outbox.push(message('own'));
    for (const shared of [message('a'), message('b')])
      for (const { outbox } of [first, alone, second]) outbox.push(shared);
    await turn();
    expect([alone, first, second].map(({ heard }) => heard())).toEqual(['ownab', 'ab', 'ab']);
    expect(second.link.writes[0]).toBe(first.link.writes[0]);
  });

  it('write a single message as the very bytes that were encoded', async () => {
    const { open, turn } = setUp();
    const { outbox, link } = open();
    const only = message('a');
    outbox.push(only);
    await turn();
    expect(link.writes[0]).toBe(only.bytes);
  });

  it('leave nothing behind: a flush forgets the sequences', async () => {
    const { open, turn, fanOut, json } = setUp();
    const roots = fanOut.rootsOf(json);
    const shared = message('a');
    open().outbox.push(shared);
    const chain = roots.normal.append(shared);
    expect(roots.normal.append(shared)).toBe(chain);
    await turn();
    expect(roots.normal.append(shared)).not.toBe(chain);
  });
});

describe('a flush of many connections', () => {
  it('gives the loop a turn when it takes long, and keeps the order of what is sent meanwhile', async () => {
    const { open, clock, turn } = setUp();
    const members = Array.from({ length: 200 }, () => open());
    const [first, second] = [message('1'), message('2')];
    for (const { outbox, link } of members) {
      const write = link.write.bind(link);
      link.write = (bytes) => {
        clock.stall(1);
        return write(bytes);
      };
      outbox.push(first);
    }
    const heardInBetween: number[] = [];
    clock.nextTurn(() => {
      heardInBetween.push(members.filter(({ heard }) => heard() !== '').length);
      for (const { outbox } of members) outbox.push(second);
    });
    await turn();
    expect(heardInBetween).toEqual([64]);
    expect(new Set(members.map(({ heard }) => heard()))).toEqual(new Set(['12']));
  });
});

describe('an outbox whose link refuses bytes', () => {
  it('counts only what waits from then on, and fails once over the budget, once', async () => {
    const { open, turn, fanOut } = setUp({ maxMessages: 3 });
    const { outbox, link, failures, heard } = open();
    link.isBlocked = true;
    for (const text of ['a', 'b', 'c', 'd', 'e']) outbox.push(message(text));
    await turn();
    expect([heard(), failures, fanOut.blockedCount]).toEqual(['abcde', [], 1]);
    expect(['1', '2', '3', '4', '5'].map((text) => outbox.push(message(text)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect([failures, fanOut.blockedCount, outbox.queuedBytes]).toEqual([['over-budget'], 0, 0]);
  });

  it('does not count what comes in the turn in which the link refused, within sixteen budgets, until it has left', async () => {
    const { open, turn } = setUp({ maxMessages: 100 });
    const [member, flooded] = [open(), open()];
    for (const { link } of [member, flooded]) link.isBlocked = true;
    for (let index = 0; index < 1_000; index += 1) expect(member.outbox.push(message(`${index};`))).toBe(true);
    for (let index = 0; index < 256 + 1_600; index += 1) flooded.outbox.push(message('f'));
    expect([[...flooded.failures], flooded.outbox.push(message('f')), flooded.failures]).toEqual([
      [],
      false,
      ['over-budget'],
    ]);
    await turn();
    for (let index = 0; index < 100; index += 1) expect(member.outbox.push(message('x'))).toBe(true);
    member.unblock();
    expect(member.heard()).toBe(Array.from({ length: 1_000 }, (_, index) => `${index};`).join('') + 'x'.repeat(100));

    const next = open();
    next.link.isBlocked = true;
    for (let index = 0; index < 1_000; index += 1) next.outbox.push(message('x'));
    await turn();
    for (let index = 0; index < 100; index += 1) expect(next.outbox.push(message('x'))).toBe(true);
    expect([next.outbox.push(message('x')), next.failures]).toEqual([false, ['over-budget']]);
  });

  it('takes a loop of a thousand large sends while the link has had no turn to take bytes', async () => {
    const { open, turn } = setUp();
    const { outbox, link, failures, unblock, heard } = open();
    link.isBlocked = true;
    const large = message('x'.repeat(16 * 1024));
    for (let index = 0; index < 1_000; index += 1) outbox.push(large);
    await turn();
    unblock();
    expect([failures, heard().length]).toEqual([[], 1_000 * 16 * 1024]);
  });

  it('counts what comes later in full, however much of the exempt turn has left meanwhile, in either lane', async () => {
    const { open, turn } = setUp({ maxMessages: 10, maxHighMessages: 2, maxBytes: 100_000 });
    const { outbox, link, failures } = open();
    link.isBlocked = true;
    // Written early, which blocks.
    for (const text of ['a', 'x'.repeat(70_000)]) outbox.push(message(text));
    for (const lane of ['high', 'normal', 'high'] as const) outbox.push(message('y'.repeat(60_000), lane));
    await turn();
    expect([outbox.push(message('A', 'high')), outbox.push(message('B', 'high'))]).toEqual([true, true]);
    for (let index = 0; index < 7; index += 1) expect(outbox.push(message('x'))).toBe(true);
    // Two high messages that were exempt and two that were not.
    for (let round = 0; round < 2; round += 1) outbox.drained();
    for (let index = 0; index < 3; index += 1) expect(outbox.push(message('x'))).toBe(true);
    expect([outbox.push(message('x')), failures]).toEqual([false, ['over-budget']]);
  });

  it('copies no flood of one turn: what is shared stays shared until the link takes it', async () => {
    const { open, turn } = setUp();
    const members = Array.from({ length: 10 }, () => open());
    for (const { link } of members) link.isBlocked = true;
    const flood = Array.from({ length: 2_000 }, (_, index) => message(`${index};`.padEnd(4_096, '.')));
    for (const shared of flood) for (const { outbox } of members) outbox.push(shared);
    await turn();
    const bytesOfTheirOwn = () => {
      const written = new Set(members.flatMap(({ link }) => link.writes));
      return [...written].reduce((sum, bytes) => sum + bytes.length, 0);
    };
    expect(bytesOfTheirOwn()).toBe(65_536);
    for (const { outbox } of members) outbox.drained();
    expect(bytesOfTheirOwn()).toBe(65_536 * (1 + members.length));
    for (const { unblock } of members) unblock();
    const all = flood.map(({ bytes }) => bytes.toString()).join('');
    expect(members.map(({ heard }) => heard() === all)).toEqual(members.map(() => true));
    expect(members.flatMap(({ failures }) => failures)).toEqual([]);
  });

  it.each([
    ['bytes', { maxBytes: 10 }, [message('12345678'), message('123')]],
    ['high messages', { maxHighMessages: 1 }, [message('a', 'high'), message('b', 'high')]],
  ])('has a budget of %s', async (_, limits, [fits, tooMuch]) => {
    const { open, turn } = setUp(limits);
    const { outbox, link, failures } = open();
    link.isBlocked = true;
    outbox.push(message('a'));
    await turn();
    expect([outbox.push(fits!), outbox.push(tooMuch!), failures]).toEqual([true, false, ['over-budget']]);
  });

  it('takes one message of any size, and any number where the limits are off', async () => {
    const { open, turn } = setUp({ maxBytes: 10 });
    const limited = open();
    limited.link.isBlocked = true;
    limited.outbox.push(message('a'));
    await turn();
    expect(limited.outbox.push(message('x'.repeat(100)))).toBe(true);

    const off = setUp({ maxBytes: 0, maxMessages: 0, maxHighMessages: 0 });
    const unlimited = off.open();
    unlimited.link.isBlocked = true;
    unlimited.outbox.push(message('a'));
    await off.turn();
    for (let index = 0; index < 1_000; index += 1) unlimited.outbox.push(message('b', 'high'));
    expect([unlimited.failures, unlimited.outbox.queuedBytes]).toEqual([[], 1_000]);
  });

  it('sends what waited, the high lane first, when the link takes bytes again, in pieces', async () => {
    const { open, turn, fanOut } = setUp();
    const { outbox, link, unblock, heard } = open();
    link.isBlocked = true;
    outbox.push(message('1'));
    await turn();
    for (const [text, lane] of [['2'], ['A', 'high'], ['3'], ['B', 'high']] as const) outbox.push(message(text, lane));
    outbox.push(message('x'.repeat(70_000)));
    outbox.push(message('4'));
    unblock();
    expect(heard().replace(/x+/, 'x')).toBe('1AB23x4');
    expect(Math.max(...link.writes.map((bytes) => bytes.length))).toBe(70_000);
    expect(fanOut.blockedCount).toBe(0);
  });

  it('stops in the middle when the link refuses again, and goes on later', async () => {
    const { open, turn } = setUp();
    const { outbox, link, unblock, heard } = open();
    link.isBlocked = true;
    outbox.push(message('1'));
    await turn();
    outbox.push(message('x'.repeat(70_000)));
    outbox.push(message('2'));
    outbox.drained();
    expect([heard().endsWith('x'), outbox.queuedBytes]).toEqual([true, 1]);
    unblock();
    expect([heard().endsWith('x2'), outbox.queuedBytes]).toEqual([true, 0]);
  });

  it('calls back from a drain once everything has been handed over, or when it is closed', async () => {
    const { open, turn } = setUp();
    const [patient, cut] = [open(), open()];
    const done: string[] = [];
    for (const { outbox, link } of [patient, cut]) {
      link.isBlocked = true;
      outbox.push(message('1'));
    }
    await turn();
    for (const { outbox } of [patient, cut]) outbox.push(message('2'));
    patient.outbox.drain(() => done.push(`patient ${patient.heard()}`));
    cut.outbox.drain(() => done.push(`cut ${cut.heard()}`));
    expect(done).toEqual([]);
    patient.unblock();
    cut.outbox.close();
    expect(done).toEqual(['patient 12', 'cut 1']);
  });

  it('is given up when the link takes nothing for the write time-out, and not while it takes some', async () => {
    const { open, clock, turn } = setUp({ writeTimeoutMs: 10_000 });
    const [stalled, slow] = [open(), open()];
    for (const { outbox, link } of [stalled, slow]) {
      link.isBlocked = true;
      outbox.push(message('1'));
    }
    await turn();
    slow.outbox.push(message('x'.repeat(70_000)));
    slow.outbox.push(message('y'));
    await clock.advance(9_000);
    slow.outbox.drained();
    await clock.advance(2_000);
    expect([stalled.failures, slow.failures]).toEqual([['stalled'], []]);
    await clock.advance(9_000);
    expect([slow.failures, clock.timerCount]).toEqual([['stalled'], 0]);
  });

  it('waits for ever where the write time-out is off', async () => {
    const { open, clock, turn } = setUp({ writeTimeoutMs: 0 });
    const { outbox, link, failures } = open();
    link.isBlocked = true;
    outbox.push(message('1'));
    await turn();
    await clock.advance(3_600_000);
    expect([failures, clock.timerCount]).toEqual([[], 0]);
  });
});
