import { parseJoinedRoom, type JoinedRoom } from './built-in-answers.js';
import { toWscError, type ErrorReporter } from './error-reporter.js';
import type { Scheduler } from './scheduler.js';

/** How the client is in a room: counted as a member, or only hearing it (PROTOCOL.md §4). */
export type RoomRole = 'member' | 'subscriber';

/** A room and how the client is in it. */
export interface RoomPlace {
  readonly room: string;
  readonly role: RoomRole;
}

/** Asks a built-in event that may be repeated. */
export type AskRoom = (event: string, room: string) => Promise<unknown>;

interface Membership extends RoomPlace {
  /** Whether the server has said yes, so that it is joined again after a reconnect. */
  isConfirmed: boolean;
}

// A gateway that has just started may be short of breath.
const rejoinTries = 3;
const rejoinDelayMs = 2_000;

const events = {
  member: { join: 'join_room', leave: 'leave_room' },
  subscriber: { join: 'subscribe', leave: 'unsubscribe' },
} as const satisfies Record<RoomRole, unknown>;

/** Remembers the rooms that the program joined, and joins them again on each new connection. */
export class RoomTracker {
  readonly #memberships = new Map<string, Membership>();
  readonly #errors: ErrorReporter;
  readonly #scheduler: Scheduler;
  /** Changes with each connection, so that what belongs to an old one is not mistaken. */
  #connection = 0;

  constructor(errors: ErrorReporter, scheduler: Scheduler) {
    this.#errors = errors;
    this.#scheduler = scheduler;
  }

  /** The rooms that the server has confirmed. */
  get names(): readonly string[] {
    return [...new Set(this.#confirmed().map(({ room }) => room))];
  }

  async join(place: RoomPlace, ask: AskRoom): Promise<JoinedRoom> {
    const key = keyOf(place);
    const membership = this.#memberships.get(key) ?? { ...place, isConfirmed: false };
    this.#memberships.set(key, membership);
    try {
      const answer = parseJoinedRoom(await ask(events[place.role].join, place.room));
      membership.isConfirmed = true;
      return answer;
    } catch (error) {
      // A room left and joined again meanwhile is another membership.
      if (this.#memberships.get(key) === membership && !membership.isConfirmed) this.#memberships.delete(key);
      throw error;
    }
  }

  async leave(place: RoomPlace, ask: AskRoom, isConnected: boolean): Promise<void> {
    const membership = this.#memberships.get(keyOf(place));
    this.#memberships.delete(keyOf(place));
    // Without a connection the server has nothing to leave, unless a join waits to be sent.
    const isPending = membership !== undefined && !membership.isConfirmed;
    if (isConnected || isPending) await ask(events[place.role].leave, place.room);
  }

  /** Joins all confirmed rooms on a new connection. A room that is refused now is reported and forgotten. */
  rejoin(ask: AskRoom): void {
    this.#connection += 1;
    for (const membership of this.#confirmed()) void this.#rejoin(membership, ask, rejoinTries);
  }

  /** The connection is gone: what is still being joined again waits for the next one. */
  disconnected(): void {
    this.#connection += 1;
  }

  /** The server has put us out. */
  forget(room: string): void {
    this.#memberships.delete(keyOf({ room, role: 'member' }));
    this.#memberships.delete(keyOf({ room, role: 'subscriber' }));
  }

  clear(): void {
    this.#connection += 1;
    this.#memberships.clear();
  }

  /** Never rejects. */
  async #rejoin(membership: Membership, ask: AskRoom, triesLeft: number): Promise<void> {
    const { room, role } = membership;
    const connection = this.#connection;
    const isCurrent = (): boolean =>
      this.#connection === connection && this.#memberships.get(keyOf(membership)) === membership;
    try {
      await ask(events[role].join, room);
    } catch (thrown) {
      const error = toWscError(thrown);
      if (!isCurrent()) return;
      if (error.temporary && triesLeft > 1) {
        this.#scheduler.after(error.retryAfterMs ?? rejoinDelayMs, () => {
          if (isCurrent()) void this.#rejoin(membership, ask, triesLeft - 1);
        });
        return;
      }
      this.#memberships.delete(keyOf(membership));
      this.#errors.report(error, { source: 'room', room });
    }
  }

  #confirmed(): readonly Membership[] {
    return [...this.#memberships.values()].filter(({ isConfirmed }) => isConfirmed);
  }
}

function keyOf({ room, role }: RoomPlace): string {
  return `${role} ${room}`;
}
