import { type AnyEvents, WscClient, WscError } from '@nest-wsc/client';
import { ConnectionWatch, type GatewayClient } from './connection-watch.js';
import {
  conversationId,
  findConversation,
  withActive,
  withConversation,
  withDelivery,
  withEntry,
  withMembers,
  withoutConversation,
  withReopened,
  withSent,
} from './conversations.js';
import { EarlierMessages } from './earlier-messages.js';
import { type GatewayRequests, roomLabel } from './gateway-contract.js';
import { ApiError, logIn } from './http-api.js';
import { listen } from './incoming.js';
import { JoinRetries } from './join-retries.js';
import { makeId } from './make-id.js';
import { fieldsOf } from './parse.js';
import { RecoveryWatch } from './recovery-watch.js';
import {
  loadActive,
  loadDeviceId,
  loadPositions,
  loadRooms,
  savePositions,
  saveRooms,
  saveSession,
  type Session,
} from './session.js';
import { type AppState, type Conversation, type Entry, lobby } from './state.js';
import type { Store } from './store.js';
import { problemToast, withToast } from './toasts.js';

// The token is renewed when less than this is left of it.
const renewBeforeMs = 60_000;
// What is said while the gateway is away is worth keeping for so long; then one is asked again.
const sayTimeoutMs = 5 * 60_000;

/** Whether the gateway itself says so; where the client gives up, it tells the outcome. */
const isNotStored = (error: unknown): boolean =>
  error instanceof WscError && error.error === 'WSC_UNAVAILABLE' && fieldsOf(error.details)['outcome'] === undefined;

/** Whether the gateway can't let one in now, or has not answered. */
const isTemporary = (error: unknown): error is WscError =>
  error instanceof WscError && (error.error === 'WSC_TIMEOUT' || isNotStored(error));

/** One login: a connection and what goes over it. */
export class ChatSession {
  readonly #store: Store<AppState>;
  readonly #client: GatewayClient;
  readonly #watch: ConnectionWatch;
  readonly #recoveries: RecoveryWatch;
  readonly #earlier: EarlierMessages;
  readonly #retries: JoinRetries;

  constructor(store: Store<AppState>) {
    this.#store = store;
    this.#watch = new ConnectionWatch(store);
    this.#recoveries = new RecoveryWatch(store);
    this.#retries = new JoinRetries(store, (room) => void this.#joinRoom(room));
    this.#client = new WscClient<AnyEvents, GatewayRequests>({
      url: '/ws',
      token: (reason) => this.#token(reason),
      deviceId: loadDeviceId(),
      positions: { load: loadPositions, save: savePositions },
    });
    this.#watch.attach(this.#client);
    listen(this.#client, store);
    this.#recoveries.attach(this.#client);
    this.#earlier = new EarlierMessages(this.#client, store);
    this.#client.onRecovered(({ room, recovered }) => {
      this.#retries.end(room);
      if (!recovered) void this.#earlier.showLoss(room);
    });
    this.#client.onStateChange((state) => {
      if (state === 'closed') this.#retries.endAll();
    });
    this.#client.onReconnected(() => this.#retries.endOfClient());
    this.#client.onOpen(() => void this.#refreshRooms());
    this.#client.onError((error, { source, room, retryInMs }) => {
      if (source !== 'room' || room === undefined) return;
      if (retryInMs === undefined) this.#dropRoom(room, error);
      else this.#retries.addOfClient(room);
    });
  }

  async start(): Promise<void> {
    const rooms = new Set([lobby, ...loadRooms()]);
    const active = loadActive();
    const entered = this.#enter([...rooms]);
    this.#store.update((state) => withReopened(state, active));
    await entered;
  }

  /** The way back after the connection was ended for good: the client has forgotten its rooms then. */
  async startAgain(): Promise<void> {
    await this.#enter(this.#rooms());
  }

  /** Ends the wait for the next attempt to connect. */
  tryNow(): void {
    this.#client.reconnectNow();
    this.#watch.tryingNow();
  }

  async stop(): Promise<void> {
    this.#watch.detach();
    this.#retries.endAll();
    await this.#client.close();
  }

  /** Joins a room and shows it. */
  async openRoom(room: string): Promise<void> {
    const joined = this.#joinRoom(room);
    this.#store.update((state) => withActive(state, conversationId('room', room)));
    await joined;
  }

  async #joinRoom(room: string): Promise<void> {
    this.#store.update((state) => withConversation(state, 'room', room));
    try {
      const { position } = await this.#client.joinRoom(room, { timeoutMs: 0 });
      this.#retries.end(room);
      this.#rememberRooms();
      await Promise.all([this.#refreshMembers(room), this.#earlier.show(room, position)]);
    } catch (error) {
      this.#onNotJoined(room, error);
    }
  }

  async leaveRoom(room: string): Promise<void> {
    this.#store.update((state) => withoutConversation(state, conversationId('room', room)));
    this.#recoveries.forget(room);
    this.#retries.end(room);
    this.#rememberRooms();
    try {
      await this.#client.leaveRoom(room);
    } catch (error) {
      this.#store.update((state) => withToast(state, problemToast(`Leaving ${roomLabel(room)} failed`, error)));
    }
  }

  openDirect(userId: string): void {
    const id = conversationId('direct', userId);
    this.#store.update((state) => withActive(withConversation(state, 'direct', userId), id));
  }

  /** Says something in a conversation; what can't be sent now waits for the connection. */
  async say(conversation: Conversation, text: string): Promise<void> {
    const from = this.#store.state.session?.userId ?? '';
    const entry: Entry = { id: makeId(), kind: 'message', from, text, at: Date.now(), delivery: 'sending' };
    this.#store.update((state) => withEntry(state, conversation.id, entry));
    await this.#send(conversation, entry);
  }

  /** Tries again with the same id, so that it can't arrive twice. */
  async sayAgain(conversation: Conversation, entry: Entry): Promise<void> {
    this.#store.update((state) => withDelivery(state, conversation.id, { ...entry, delivery: 'sending' }));
    await this.#send(conversation, entry);
  }

  async #send({ id, kind, name }: Conversation, entry: Entry): Promise<void> {
    const options = { id: entry.id, timeoutMs: sayTimeoutMs };
    try {
      const { text } = entry;
      const sent =
        kind === 'room'
          ? await this.#client.sendToRoom(name, { text }, options)
          : await this.#client.sendToUser(name, { text }, options);
      this.#store.update((state) => withSent(state, id, { entryId: entry.id, messageId: sent.id }));
    } catch (error) {
      const delivery = isNotStored(error) ? 'not-stored' : 'failed';
      const toast = problemToast(delivery === 'failed' ? 'Not sent' : 'Not stored', error);
      this.#store.update((state) => withToast(withDelivery(state, id, { ...entry, delivery }), toast));
    }
  }

  /** Joins before there is a connection: the answers come once there is one. */
  async #enter(rooms: readonly string[]): Promise<void> {
    const connected = this.#client.connect();
    await Promise.allSettled([connected, ...rooms.map((room) => this.#joinRoom(room))]);
  }

  #rooms(): readonly string[] {
    return this.#store.state.conversations.filter(({ kind }) => kind === 'room').map(({ name }) => name);
  }

  /** After a reconnect, who is where may have changed. */
  async #refreshRooms(): Promise<void> {
    await Promise.all(this.#rooms().map((room) => this.#refreshMembers(room)));
  }

  async #refreshMembers(room: string): Promise<void> {
    try {
      const { users } = await this.#client.presence(room);
      const userIds = users.map(({ userId }) => userId);
      this.#store.update((state) => withMembers(state, room, userIds));
    } catch {
      // Not every namespace tells who is there, and a room that is being joined tells soon.
    }
  }

  #onNotJoined(room: string, error: unknown): void {
    // Whoever connects again, joins again; and who has left, wants nothing.
    const isWanted = findConversation(this.#store.state, conversationId('room', room)) !== undefined;
    if (this.#client.state === 'closed' || !isWanted) return;
    if (isTemporary(error)) this.#retries.add(room, error);
    else this.#dropRoom(room, error);
  }

  #dropRoom(room: string, error: unknown): void {
    this.#retries.end(room);
    const title = `Joining ${roomLabel(room)} failed`;
    this.#store.update((state) => {
      const isKnown = findConversation(state, conversationId('room', room)) !== undefined;
      const without = room === lobby || !isKnown ? state : withoutConversation(state, conversationId('room', room));
      return withToast(without, problemToast(title, error));
    });
    this.#rememberRooms();
  }

  #rememberRooms(): void {
    saveRooms(this.#rooms().filter((room) => room !== lobby));
  }

  /** The token of this login; a new one shortly before it ends, and whenever the gateway did not take it. */
  async #token(reason: 'connect' | 'expired' | 'refused'): Promise<string> {
    const { session } = this.#store.state;
    if (session === undefined) throw new Error('Nobody is logged in.');
    if (reason === 'connect' && session.expiresAt - Date.now() > renewBeforeMs) return session.token;
    const renewed = await this.#logInAgain(session);
    this.#store.update((state) => ({ ...state, session: renewed }));
    saveSession(renewed);
    return renewed.token;
  }

  /** What the gateway refuses now it refuses next time, too; what did not reach it is tried again. */
  async #logInAgain({ userId, userType }: Session): Promise<Session> {
    try {
      return await logIn(userId, userType);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) throw error;
      throw new WscError('WSC_UNAUTHORIZED', { message: error.message, cause: error });
    }
  }
}
