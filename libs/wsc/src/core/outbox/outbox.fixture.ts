import { jsonCodec } from '@nest-wsc/protocol';
import { FakeClock } from '../../testing/fake-clock.js';
import { FakeLink } from '../../testing/fake-link.js';
import { TextEncoding } from '../../testing/text-encoding.js';
import { defaultHubOptions, type OutboxLimits } from '../hub-options.js';
import type { Priority } from '../messages/message.js';
import type { EncodedMessage } from './encoded-message.js';
import { FanOut } from './fan-out.js';
import { Outbox } from './outbox.js';

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
  const open = (encoding = json) => {
    const link = new FakeLink();
    const failures: string[] = [];
    const outbox = new Outbox({ link, encoding, fanOut, limits: () => limits, onFailure: (why) => failures.push(why) });
    const unblock = () => {
      link.isBlocked = false;
      outbox.drained();
    };
    return { link, outbox, failures, unblock, heard: () => Buffer.concat(link.writes).toString() };
  };
  return { clock, fanOut, json, open, turn: () => clock.advance(0) };
}

/** A message whose bytes are its text. */
export function message(text: string, lane: Priority = 'normal'): EncodedMessage {
  return { bytes: Buffer.from(text), lane, room: undefined };
}
