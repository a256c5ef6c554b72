import { jsonCodec } from '@nest-wsc/protocol';
import { FakeClock } from '../../testing/fake-clock.js';
import { FakeLink } from '../../testing/fake-link.js';
import { TextEncoding } from '../../testing/text-encoding.js';
import { defaultHubOptions, type OutboxLimits } from '../hub-options.js';
import type { Priority } from '../messages/message.js';
import type { Backpressure } from './backpressure.js';
import { protectedMessage, type EncodedMessage } from './encoded-message.js';
import { FanOut } from './fan-out.js';
import { Outbox, type OutboxOwner } from './outbox.js';

/** A fan-out on a fake clock; `open` gives outboxes of it, each with a link of its own. */
export function setUp(changes: Partial<OutboxLimits> = {}) {
  const limits = { ...defaultHubOptions.outbox, ...changes };
  const clock = new FakeClock();
  const fanOut = new FanOut({
    clock,
    flushDelayMs: () => limits.flushDelayMs,
    writeTimeoutMs: () => limits.writeTimeoutMs,
  });
  const json = new TextEncoding(jsonCodec);
  /** An outbox that holds what it is given. */
  const hold = (encoding = json) => {
    const link = new FakeLink();
    const failures: string[] = [];
    const dropped: string[] = [];
    const owner: OutboxOwner = {
      outboxFailed: (why) => failures.push(why),
      outboxDrained: () => undefined,
      messageDropped: ({ bytes }, wasQueued) => dropped.push(`${wasQueued ? '' : 'new '}${bytes.toString()}`),
    };
    const outbox = new Outbox({ link, encoding, fanOut, limits: () => limits, owner });
    const unblock = () => {
      link.isBlocked = false;
      outbox.drained();
    };
    return { link, outbox, failures, dropped, unblock, heard: () => Buffer.concat(link.writes).toString() };
  };
  const open = (encoding = json) => {
    const held = hold(encoding);
    held.outbox.open();
    return held;
  };
  return { limits, clock, fanOut, json, hold, open, turn: () => clock.advance(0) };
}

/** A message whose bytes are its text. */
export function message(text: string, lane: Priority = 'normal'): EncodedMessage {
  return protectedMessage(Buffer.from(text), lane);
}

/** A message of a room whose bytes are its text. The room's name is its policy, unless it says otherwise. */
export function roomMessage(
  text: string,
  backpressure: Backpressure,
  { room = backpressure, key = 'event', lane = 'normal' }: { room?: string; key?: string; lane?: Priority } = {},
): EncodedMessage {
  return { bytes: Buffer.from(text), lane, room, backpressure, key };
}
