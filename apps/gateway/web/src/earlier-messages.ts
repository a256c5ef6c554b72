import type { Position } from '@nest-wsc/client';
import type { GatewayClient } from './connection-watch.js';
import { conversationId, findConversation, withEntry, withHistory } from './conversations.js';
import { roomLabel } from './gateway-contract.js';
import { toEntry, toNotice } from './incoming.js';
import { makeId } from './make-id.js';
import { findNewest, loadHistory } from './room-history.js';
import type { AppState } from './state.js';
import type { Store } from './store.js';
import { problemToast, withToast } from './toasts.js';

/** Where what a room keeps is shown. */
interface Place {
  /** @default the newest */
  readonly upTo?: Position;
  /** The id of an entry. @default none: ahead of everything */
  readonly after?: string;
  readonly isEarlier?: boolean;
}

/** Shows what was said in a room before it was opened, and what it still keeps where something was missed. */
export class EarlierMessages {
  readonly #client: GatewayClient;
  readonly #store: Store<AppState>;

  constructor(client: GatewayClient, store: Store<AppState>) {
    this.#client = client;
    this.#store = store;
  }

  /**
   * Once for each room: after that the client goes on where it was.
   * @param upTo what the join has answered; nothing where the room keeps no history
   */
  async show(room: string, upTo: Position | undefined): Promise<void> {
    if (upTo !== undefined && !this.#isShown(room)) await this.#add(room, { upTo, isEarlier: true });
  }

  /** Says that something is missing, behind what was had before, and goes on with what the room still keeps. */
  async showLoss(room: string): Promise<void> {
    // A room that is being opened will show what it keeps anyway.
    if (!this.#isShown(room)) return;
    const gap = toNotice({ id: makeId(), timestamp: Date.now() }, 'Some messages are missing here.');
    this.#store.update((state) => withEntry(state, conversationId('room', room), gap));
    await this.#add(room, { after: gap.id });
  }

  async #add(room: string, { upTo, after, isEarlier = false }: Place): Promise<void> {
    try {
      const end = upTo ?? (await findNewest(this.#client, room));
      const messages = end === undefined ? [] : await loadHistory(this.#client, room, end);
      this.#store.update((state) => {
        const entries = messages.map((message) => ({ ...toEntry(message, state.session?.userId), isEarlier }));
        return withHistory(state, conversationId('room', room), { entries, after });
      });
    } catch (error) {
      const title = `Earlier messages of ${roomLabel(room)} are not shown`;
      this.#store.update((state) => withToast(state, problemToast(title, error)));
    }
  }

  #isShown(room: string): boolean {
    return findConversation(this.#store.state, conversationId('room', room))?.hasHistory ?? false;
  }
}
