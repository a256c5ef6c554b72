import { FrameReader } from './frame-reader.fixture.js';
import { hear, messageText } from './heard.fixture.js';
import { OutboundLog, type Ending } from './outbound-log.fixture.js';

const frame = (first: number, payload: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(payload);
  return Buffer.concat([Buffer.from([first, bytes.length]), bytes]);
};
const text = (wire: unknown): Buffer => frame(0x81, JSON.stringify(wire));
const message = (serial: number, room?: string): Buffer =>
  text({ type: 'notify', event: 'tick', room, data: { serial } });
const error = (id: number, name: string): Buffer => text({ type: 'error', request_id: `request-${id}`, error: name });

const frames = {
  welcome: text({ type: 'welcome' }),
  goodbye: text({ type: 'goodbye' }),
  one: message(1),
  two: message(2),
  high: message(3),
  four: message(4),
  answer: text({ type: 'response', request_id: 'request-5', data: 'answer' }),
  refusal: error(6, 'WSC_UNAVAILABLE'),
  forbidden: error(5, 'WSC_FORBIDDEN'),
  stray: message(7),
  changed: message(1, 'a'),
  pong: frame(0x8a, 'second ping'),
  oldPong: frame(0x8a, 'first ping'),
  strayPong: frame(0x8a, 'third ping'),
  pongEnvelope: text({ type: 'pong' }),
  close: frame(0x88, Buffer.from([0x03, 0xf4])),
  otherClose: frame(0x88, Buffer.from([0x03, 0xe8])),
  beginning: message(1).subarray(0, 20),
  remainder: message(1).subarray(20),
  fragment: frame(0x01, '{'),
  continuation: frame(0x80, '}'),
  masked: Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x7b, 0x7d]),
  reserved: frame(0xa1, '{}'),
  compressed: frame(0xc1, '{}'),
  longLength: Buffer.from([0x81, 126, 0, 2, 0x7b, 0x7d]),
  longControl: Buffer.from([0x8a, 126, 0, 126]),
  noUtf8: frame(0x81, Buffer.from([0x7b, 0xc3, 0x28, 0x7d])),
  otherBytes: frame(0x82, '1;...x'),
};

/** The bytes of a recording: names of {@link frames}. */
function bytesOf(recording: string): Buffer {
  const byName = new Map(Object.entries(frames));
  return Buffer.concat(recording.split(' ').map((name) => byName.get(name) ?? Buffer.alloc(0)));
}

/** One turn sends 1, 2 and 3, which is high; the next one 4. Then request 5 is answered, and 6 is not read before the drain. */
function expected(): OutboundLog {
  const log = new OutboundLog();
  const send = (serial: number, lane: 'normal' | 'high', queuedBytes: readonly [number, number]): void => {
    log.sending(queuedBytes[0]);
    const sent = { serial, lane, text: messageText({ data: { serial }, room: undefined, asksForAck: false }) };
    log.sent(sent, queuedBytes[1]);
  };
  log.pinged('first ping');
  log.pinged('second ping');
  send(1, 'normal', [0, 10]);
  send(2, 'normal', [10, 20]);
  send(3, 'high', [20, 30]);
  log.turn();
  send(4, 'normal', [0, 10]);
  log.requested(5);
  log.answered(5, 'answer: "answer"');
  log.requested(6);
  return log;
}

const drained: Ending = { isComplete: true, closeCodes: [1012], isDrained: true };
const cutShort: Ending = { isComplete: false, closeCodes: [], isDrained: false };

/** What is wrong with what comes in these pieces. */
function faultsOf(pieces: readonly Buffer[], ending: Ending): readonly string[] {
  const reader = new FrameReader({ mayCompress: false });
  try {
    const heard = pieces.flatMap((piece) => reader.read(piece)).map((each) => hear(each, 'wsc.v1.json'));
    reader.end();
    return expected().faults(heard, ending);
  } catch (fault) {
    return [String(fault)];
  }
}

describe('a recording of what one connection heard', () => {
  it.each([
    ['as it was sent', 'welcome high one two pong four answer goodbye close'],
    ['with both pongs', 'welcome oldPong high one two four answer pong goodbye close'],
    ['with a request that the drain refuses', 'welcome high one two four answer goodbye refusal close'],
    ['where goodbye overtakes what is queued', 'welcome goodbye high one two four answer close'],
  ])('is right %s', (_, recording) => {
    const bytes = bytesOf(recording);
    expect(faultsOf([bytes], drained)).toEqual([]);
    expect(
      faultsOf(
        Array.from(bytes, (byte) => Buffer.from([byte])),
        drained,
      ),
    ).toEqual([]);
  });

  it.each([
    [
      'messages change places',
      'welcome high two one four answer goodbye close',
      '2 1 4 of 1 2 4; twice: none; lost: none; reo',
    ],
    ['one is lost', 'welcome high one four answer goodbye close', 'normal: heard 1 4 of 1 2 4; twice: none; lost: 2'],
    ['the last one is lost', 'welcome high one two answer goodbye close', 'heard 1 2 of 1 2 4; twice: none; lost: 4'],
    [
      'one comes twice',
      'welcome high one one two four answer goodbye close',
      'heard 1 1 2 4 of 1 2 4; twice: 1; lost: none',
    ],
    ['one is another’s', 'welcome high one stray two four answer goodbye close', 'heard 7, which was not sent to it'],
    ['one has changed', 'welcome high changed two four answer goodbye close', 'heard 1 as message in a'],
    ['a high one is not first', 'welcome one two high four answer goodbye close', '3 is high and came after 1'],
    ['a high one is too late', 'welcome one two four high answer goodbye close', '4 overtook 3, which had left'],
    ['an answer is too early', 'welcome high one two answer four goodbye close', 'answer 5 overtook a message'],
    ['an answer is lost', 'welcome high one two four goodbye close', 'answers: heard none of 5; twice: none; lost: 5'],
    ['an answer is an error', 'welcome high one two four forbidden goodbye close', 'heard 5 as error: WSC_FORBIDDEN'],
    [
      'a refusal comes twice',
      'welcome high one two four answer refusal refusal goodbye close',
      'heard 6, which was not',
    ],
    [
      'welcome is not first',
      'high welcome one two four answer goodbye close',
      'welcome came 1 times, and message first',
    ],
    ['welcome comes twice', 'welcome welcome high one two four answer goodbye close', 'welcome came 2 times'],
    ['goodbye does not come', 'welcome high one two four answer close', 'goodbye came 0 times'],
    ['goodbye comes twice', 'welcome high one two four answer goodbye goodbye close', 'goodbye came 2 times'],
    ['a pong answers no ping', 'welcome strayPong high one two four answer goodbye close', 'pongs third ping do not'],
    [
      'a pong comes twice',
      'welcome pong pong high one two four answer goodbye close',
      'pongs second ping second ping do',
    ],
    [
      'pongs change places',
      'welcome pong oldPong high one two four answer goodbye close',
      'pongs second ping first ping do',
    ],
    [
      'a pong envelope comes',
      'welcome pongEnvelope high one two four answer goodbye close',
      '1 pong envelopes answer 0',
    ],
    ['no close comes', 'welcome high one two four answer goodbye', 'closed with  instead of 1012'],
    ['the code is another', 'welcome high one two four answer goodbye otherClose', 'closed with 1000 instead of 1012'],
    ['a message follows the close', 'welcome high one two answer goodbye close four', 'bytes follow the close frame'],
    ['the close comes twice', 'welcome high one two four answer goodbye close close', 'bytes follow the close frame'],
    ['a frame is cut', 'welcome high beginning', 'a frame is cut'],
    ['a pong cuts into a frame', 'welcome high beginning pong remainder two four', 'opcode 11 is none'],
    ['a message is fragmented', 'welcome fragment continuation', 'a message is fragmented'],
    ['a continuation comes', 'welcome continuation', 'opcode 0 is none'],
    ['a frame is masked', 'welcome masked', 'a frame is masked'],
    ['a reserved bit is set', 'welcome reserved', 'a reserved bit is set'],
    ['a frame is compressed', 'welcome compressed', 'a frame is compressed that may not be'],
    ['a length is too long', 'welcome longLength', 'a length is not written the short way'],
    ['a control frame is too long', 'welcome longControl', 'a control frame is too long'],
    ['a text is no UTF-8', 'welcome noUtf8', 'TypeError'],
    ['a raw message has other bytes', 'welcome otherBytes', 'raw message 1 has other bytes'],
  ])('is wrong where %s', (_, recording, fault) => {
    expect(faultsOf([bytesOf(recording)], drained)[0]).toContain(fault);
  });

  it.each([
    ['welcome high one', []],
    ['', []],
    ['welcome high two', ['normal: heard 2 of 1 2 4; twice: none; lost: 1']],
    ['welcome high one four', ['normal: heard 1 4 of 1 2 4; twice: none; lost: 2']],
    ['one', ['welcome came 0 times, and message first']],
  ])('that was cut short may miss the end, and nothing before it: "%s"', (recording, faults) => {
    expect(faultsOf([bytesOf(recording)], cutShort)).toEqual(faults);
  });
});
