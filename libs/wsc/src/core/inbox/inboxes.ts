import { parseUserId } from '@nest-wsc/protocol';
import type { SendResult } from '../messages/message.js';
import type { Sender } from '../messages/sender.js';
import type { DeadLetter, Inbox, InboxSize } from '../ports/inbox.js';

/** What is kept for users, for the application to look at. */
export class Inboxes {
  readonly #inbox: Inbox;
  readonly #sender: Sender;

  constructor(deps: { readonly inbox: Inbox; readonly sender: Sender }) {
    this.#inbox = deps.inbox;
    this.#sender = deps.sender;
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
    const { event, data, from, fromName, to, key } = letter.message;
    const input = {
      ...{ event, data },
      ...(from !== undefined && { from }),
      ...(fromName !== undefined && { fromName }),
      ...(to !== undefined && { to }),
      ...(key !== undefined && { key }),
      // One id for each letter: asked for twice at once, it is sent once.
      id: `again.${messageId}`.slice(0, 64),
    };
    const sent = await this.#sender.toUser(userId, input, { durable: true });
    await this.#inbox.takeDeadLetter(userId, messageId);
    return sent;
  }
}
