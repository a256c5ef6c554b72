import { MessageLog } from './message-log.js';
import { message } from './outbox.fixture.js';

describe('a message log', () => {
  function drain(log: MessageLog): string {
    let text = '';
    for (let position = log.next(); position !== undefined; position = log.next()) {
      text += log.remove(position)?.bytes.toString() ?? '?';
    }
    return text;
  }

  it('lets the high lane leave first, in the order of each lane, whatever was removed', () => {
    const log = new MessageLog();
    const positions = ['1', 'A', '2', 'B', '3'].map((text) => log.push(message(text, text < 'A' ? 'normal' : 'high')));
    log.remove(positions[1]!);
    log.remove(positions[2]!);
    expect([log.remove(positions[2]!), log.count, log.highCount, log.byteLength]).toEqual([undefined, 3, 1, 3]);
    expect([drain(log), log.count, log.highCount, log.byteLength]).toEqual(['B13', 0, 0, 0]);
  });

  it('closes its gaps without changing what is in it, and is sparse only while there are more gaps than messages', () => {
    const log = new MessageLog();
    for (const text of ['A', '1', 'B', '2']) log.push(message(text, text < 'A' ? 'normal' : 'high'));
    log.remove(log.next()!);
    for (let index = 0; index < 64; index += 1) {
      expect(log.isSparse).toBe(false);
      log.remove(log.push(message('x', 'high')));
    }
    expect([log.isSparse, log.end]).toEqual([true, 68]);
    log.squeeze();
    log.push(message('C', 'high'));
    expect([log.isSparse, log.end, drain(log)]).toEqual([false, 4, 'BC12']);
  });
});
