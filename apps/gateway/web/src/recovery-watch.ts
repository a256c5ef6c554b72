import type { Message, RoomRecovery } from '@nest-wsc/client';
import { withCaughtUp, withLoss } from './catch-ups.js';
import type { GatewayClient } from './connection-watch.js';
import type { AppState } from './state.js';
import type { Store } from './store.js';

/** What of a room is on its way. */
interface Pending {
  /** Offset of the last message that was missed. */
  readonly to: number;
  readonly count: number;
}

/**
 * Says what was caught up after a reconnect or a reload, once it is there, and in which rooms something is lost. The gateway tells
 * between which offsets the missed messages lie; how many somebody else has said is seen when they come.
 */
export class RecoveryWatch {
  readonly #store: Store<AppState>;
  readonly #pending = new Map<string, Pending>();

  constructor(store: Store<AppState>) {
    this.#store = store;
  }

  attach(client: GatewayClient): void {
    client.onRecovered((recovery) => this.#begin(recovery));
    client.on('*', (_data, message) => this.#take(message));
  }

  /** The room was left. */
  forget(room: string): void {
    this.#pending.delete(room);
  }

  #begin(recovery: RoomRecovery): void {
    const { room } = recovery;
    if (!recovery.recovered) {
      this.#pending.delete(room);
      this.#store.update((state) => withLoss(state, room, recovery.reason));
      return;
    }
    // Another connection may have brought the first ones.
    const { count } = this.#pending.get(room) ?? { count: 0 };
    if (recovery.to > recovery.from) this.#pending.set(room, { to: recovery.to, count });
    else this.#finish(room, count);
  }

  #take({ room = '', offset, event, from }: Message): void {
    const pending = this.#pending.get(room);
    if (pending === undefined || offset === undefined) return;
    const isMissed = offset <= pending.to && event === 'room_message' && from !== this.#store.state.session?.userId;
    const count = pending.count + (isMissed ? 1 : 0);
    if (offset < pending.to) this.#pending.set(room, { ...pending, count });
    else this.#finish(room, count);
  }

  #finish(room: string, count: number): void {
    this.#pending.delete(room);
    if (count > 0) this.#store.update((state) => withCaughtUp(state, room, count));
  }
}
