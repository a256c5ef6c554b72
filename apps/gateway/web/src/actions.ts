import { withoutCatchUps } from './catch-ups.js';
import { ChatSession } from './chat-session.js';
import { withActive } from './conversations.js';
import { parseRoomName } from './gateway-contract.js';
import * as api from './http-api.js';
import { forgetSession, saveActive, saveSession, type Session } from './session.js';
import { type AppState, type Conversation, type Entry, initialState, type Pane } from './state.js';
import type { Store } from './store.js';
import { problemToast, withoutToast, withToast } from './toasts.js';

/** Everything that somebody can do on the page. Never rejects: what fails is shown. */
export class Actions {
  readonly #store: Store<AppState>;
  #chat: ChatSession | undefined;

  constructor(store: Store<AppState>) {
    this.#store = store;
    // A reload shows the same conversation again.
    store.subscribe(({ session, activeId }) => {
      if (session !== undefined) saveActive(activeId);
    });
  }

  async logIn(userId: string, userType: string): Promise<void> {
    try {
      await this.resume(await api.logIn(userId, userType));
    } catch (error) {
      const loginProblem =
        error instanceof api.ApiError ? error.message : 'The gateway is not reached. Try again in a moment.';
      this.#store.update((state) => ({ ...state, loginProblem }));
    }
  }

  /** Goes on with a login of this tab. */
  async resume(session: Session): Promise<void> {
    saveSession(session);
    this.#store.update(() => ({ ...initialState, session }));
    this.#chat = new ChatSession(this.#store);
    await this.#chat.start();
  }

  async logOut(): Promise<void> {
    const { session } = this.#store.state;
    const chat = this.#chat;
    this.#chat = undefined;
    forgetSession();
    this.#store.update(() => initialState);
    await chat?.stop();
    // Without the gateway there is nobody to tell; the token ends by itself.
    if (session !== undefined) await api.revoke(session.token).catch(() => undefined);
  }

  /** Ends the wait for the next attempt to connect. */
  tryNow(): void {
    this.#chat?.tryNow();
  }

  async reconnect(): Promise<void> {
    await this.#chat?.startAgain();
  }

  /** Answers whether the name can be one. */
  joinRoom(typed: string): boolean {
    const room = parseRoomName(typed);
    if (room !== undefined) void this.#chat?.openRoom(room);
    return room !== undefined;
  }

  async leaveRoom(room: string): Promise<void> {
    await this.#chat?.leaveRoom(room);
  }

  openDirect(userId: string): void {
    this.#chat?.openDirect(userId);
  }

  open(conversationId: string): void {
    this.#store.update((state) => withActive(state, conversationId));
  }

  async say(conversation: Conversation, text: string): Promise<void> {
    await this.#chat?.say(conversation, text);
  }

  async sayAgain(conversation: Conversation, entry: Entry): Promise<void> {
    await this.#chat?.sayAgain(conversation, entry);
  }

  dismiss(toastId: string): void {
    this.#store.update((state) => withoutToast(state, toastId));
  }

  dismissCatchUps(): void {
    this.#store.update(withoutCatchUps);
  }

  showPane(pane: Pane): void {
    this.#store.update((state) => ({ ...state, pane }));
  }

  async notify(userId: string, title: string, body: string): Promise<string> {
    const queued = await this.#asStaff((token) => api.notifyUser(token, userId, { title, body }));
    return queued === 0 ? `${userId} is not online; not delivered.` : sentTo(queued);
  }

  async broadcast(text: string): Promise<string> {
    const queued = await this.#asStaff((token) => api.broadcast(token, text));
    return queued === 0 ? 'Nobody is online; not delivered.' : sentTo(queued);
  }

  /** Calls the HTTP API; undefined where that failed, which is shown. */
  async #asStaff(call: (token: string) => Promise<number>): Promise<number | undefined> {
    const { session } = this.#store.state;
    try {
      return await call(session?.token ?? '');
    } catch (error) {
      this.#store.update((state) => withToast(state, problemToast('Not sent', error)));
      return undefined;
    }
  }
}

/** Says in a line how sending went; nothing where it failed. */
function sentTo(queued: number | undefined): string {
  if (queued === undefined) return '';
  return queued === 1 ? 'Sent to 1 connection.' : `Sent to ${String(queued)} connections.`;
}
