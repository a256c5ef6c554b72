import { createHash } from 'node:crypto';
import { parseId, parseUserId } from '@nest-wsc/protocol';
import type { MessageInput, OutboundMessage, SendResult } from '../messages/message.js';
import type { Sender } from '../messages/sender.js';
import type { DeadLetter, Inbox, InboxSize } from '../ports/inbox.js';
import type { MessageRecord } from '../ports/message-records.js';
import type { RecordKeeper } from '../records/record-keeper.js';

/** So many dead letters of a user are kept. */
const maxDeadLetters = 100;

/** What is kept for users, for the application to look at. */
export class Inboxes {
  readonly #inbox: Inbox;
  readonly #sender: Sender;
  readonly #recordKeeper: RecordKeeper;

  constructor(deps: { readonly inbox: Inbox; readonly sender: Sender; readonly recordKeeper: RecordKeeper }) {
    this.#inbox = deps.inbox;
    this.#sender = deps.sender;
    this.#recordKeeper = deps.recordKeeper;
  }

  async size(userId: string): Promise<InboxSize> {
    return this.#inbox.size(parseUserId(userId));
  }

  async deadLetters(userId: string): Promise<readonly DeadLetter[]> {
    return this.#inbox.deadLetters(parseUserId(userId));
  }

  /**
   * Sends a message again whose time was up, durably and under a new id: the old one stands for a message that has died. Undefined:
   * there is none with this id.
   * @throws {WscError} as a durable send does; then it is a dead letter still.
   */
  async resendDeadLetter(userId: string, messageId: string): Promise<SendResult | undefined> {
    const letters = await this.deadLetters(userId);
    const letter = letters.find(({ message }) => message.id === messageId);
    if (letter === undefined) return undefined;
    const input = inputOf(letter.message, idOfAgain(letter));
    const sent = await this.#sender.toUser(userId, input, { durable: true });
    await this.#inbox.takeDeadLetter(userId, messageId);
    this.#recordKeeper.note(userId, { id: messageId, status: 'expired', reason: `Sent again as ${sent.id}` });
    return sent;
  }

  /** What has become of a message; undefined where nothing is known of it. */
  async record(userId: string, messageId: string): Promise<MessageRecord | undefined> {
    const record = await this.#recordKeeper.get(parseUserId(userId), parseId(messageId));
    // By its time, and nobody has noted more: that the inbox no longer has it may also be because each device does.
    if (record?.status !== 'expired' || record.reason !== undefined) return record;
    const letters = await this.deadLetters(userId);
    const isDead = letters.length >= maxDeadLetters || letters.some(({ message }) => message.id === messageId);
    return isDead ? record : { ...record, status: 'acked' };
  }

  /**
   * Sends a message again that has expired or failed, durably: a failed one under its id, since nobody has it, an expired one as
   * {@link resendDeadLetter}. Undefined: it is neither, or is not kept any more.
   * @throws {WscError} as a durable send does
   */
  async retry(userId: string, messageId: string): Promise<SendResult | undefined> {
    const record = await this.record(userId, messageId);
    if (record?.status === 'expired') return this.resendDeadLetter(userId, messageId);
    if (record?.status !== 'failed') return undefined;
    const message = await this.#recordKeeper.failedMessage(userId, messageId);
    return message && this.#sender.toUser(userId, inputOf(message, messageId), { durable: true });
  }
}

/** One id for each letter: asked for twice at once, it is sent once; and a later letter under the same message id is another one. */
function idOfAgain({ message, position }: DeadLetter): string {
  const text = JSON.stringify([message.id, position.epoch, position.offset]);
  return `again.${createHash('sha256').update(text).digest('base64url')}`;
}

/** What was sent, to be sent again. */
function inputOf({ event, data, from, fromName, to, key }: OutboundMessage, id: string): MessageInput {
  return {
    ...{ id, event, data },
    ...(from !== undefined && { from }),
    ...(fromName !== undefined && { fromName }),
    ...(to !== undefined && { to }),
    ...(key !== undefined && { key }),
  };
}
