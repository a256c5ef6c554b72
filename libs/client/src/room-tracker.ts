import type { ServerNotifyEnvelope } from '@nest-wsc/protocol';
import { toWscError, type ErrorReporter } from './error-reporter.js';
import { Memberships, type Membership, type RoomPlace, type RoomRole } from './memberships.js';
import type { PositionTable } from './position-table.js';
import { parseJoinedRoom, type JoinedRoom, type RoomRecovery } from './recovery-answers.js';
import type { AnswerReader } from './request-table.js';
import type { MessagePlace } from './room-cursor.js';
import { Rejoiner } from './rejoiner.js';
import type { Scheduler } from './scheduler.js';
import { forgivable } from './settle.js';
import { Snapshots, type GetSnapshot } from './snapshots.js';

/** Asks a built-in event that may be repeated. */
export type AskRoom = <T>(event: string, data: object, reader: AnswerReader<T>) => Promise<T>;

/** How a room is joined. */
export interface Joining {
  readonly ask: AskRoom;
  readonly getSnapshot?: GetSnapshot | undefined;
}

/** What {@link RoomTracker} needs. */
export interface RoomTrackerOptions {
  readonly errors: ErrorReporter;
  readonly scheduler: Scheduler;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly positions: PositionTable;
  /** Asks on this connection, ahead of what waits. */
  readonly ask: AskRoom;
  /** Hands on a message that was held. */
  readonly deliver: (message: ServerNotifyEnvelope) => void;
  readonly onRecovered: (recovery: RoomRecovery) => void;
}

const events = {
  member: { join: 'join_room', leave: 'leave_room' },
  subscriber: { join: 'subscribe', leave: 'unsubscribe' },
} as const satisfies Record<RoomRole, unknown>;

/** Remembers the rooms that the program joined, follows them without a gap, and goes on in them on each new connection. */
export class RoomTracker {
  readonly #options: RoomTrackerOptions;
  readonly #memberships = new Memberships();
  readonly #snapshots: Snapshots;
  /** A session that is resumed would be in them again. */
  readonly #leftWhileAway = new Set<string>();
  readonly #rejoiner: Rejoiner;

  constructor(options: RoomTrackerOptions) {
    this.#options = options;
    this.#rejoiner = new Rejoiner({
      ...options,
      isWanted: (membership) => this.#memberships.isCurrent(membership),
    });
    this.#snapshots = new Snapshots({ ...options, recover: (room) => this.#recover(room, false) });
  }

  /** The rooms that the server has confirmed. */
  get names(): readonly string[] {
    return this.#memberships.confirmed().map(({ room }) => room);
  }

  /** Whether the client was in the room, and on this connection the server has not let it in yet. */
  isOutForNow(room: string): boolean {
    const membership = this.#memberships.of(room);
    return membership?.isConfirmed === true && membership.enteredOn !== this.#rejoiner.connection;
  }

  /** Rejects with what the server answers or `getSnapshot` throws; then a new member is none. */
  async join(place: RoomPlace, { ask, getSnapshot }: Joining): Promise<JoinedRoom> {
    const { positions } = this.#options;
    const loading = positions.load();
    if (loading !== undefined) await loading;
    const membership = this.#memberships.get(place) ?? newMembership(place, getSnapshot);
    const isNew = !membership.isConfirmed;
    membership.joinCount += 1;
    membership.getSnapshot = getSnapshot ?? membership.getSnapshot;
    this.#memberships.add(membership);
    // What an earlier client had is not in the state that this one is about to load.
    if (isNew && getSnapshot !== undefined) positions.join(place.room).restart(undefined);
    const load = getSnapshot && this.#snapshots.begin(place.room, getSnapshot);
    try {
      const joined = await this.#enter(membership, ask, () => undefined);
      if (load !== undefined) await this.#snapshots.run(load, joined);
      membership.hasJoined = true;
      membership.joinCount -= 1;
      return joined;
    } catch (error) {
      membership.joinCount -= 1;
      if (!membership.hasJoined && membership.joinCount === 0) this.#undoJoin(membership, ask);
      else if (load !== undefined) this.#snapshots.release(load);
      throw error;
    }
  }

  async leave(place: RoomPlace, ask: AskRoom, isConnected: boolean): Promise<void> {
    const { room, role } = place;
    const membership = this.#memberships.get(place);
    this.#memberships.delete(place);
    this.#forgetUnlessIn(room);
    // Without a connection the server has nothing to leave, unless a join waits to be sent.
    const isPending = membership !== undefined && !membership.isConfirmed;
    if (!isConnected) this.#leftWhileAway.add(room);
    // What was queued before comes until the answer.
    const read = (): void => this.#forgetUnlessIn(room);
    if (isConnected || isPending) await ask(events[role].leave, { room }, { read });
  }

  /** Whether a message is to be handled now. */
  receive(message: ServerNotifyEnvelope): boolean {
    const { room, offset, epoch, prevOffset } = message;
    if (room === undefined) return true;
    const isNext = offset === undefined || epoch === undefined || this.#follow(room, { offset, epoch, prevOffset });
    return isNext && !this.#snapshots.take(message);
  }

  /**
   * A new connection is up, with the rooms of the last one where that was resumed. Joins the others again; one that is refused for good
   * is reported and forgotten. Answers, once it is known how every room goes on, whether it is the same connection still. Never rejects.
   */
  async restore(resumed: ReadonlyMap<string, JoinedRoom> | undefined): Promise<boolean> {
    const { connection } = this.#rejoiner;
    this.#leaveAgain(resumed !== undefined);
    for (const start of resumed?.values() ?? []) this.#resumed(start);
    const missing = this.#memberships.confirmed().filter(({ room }) => resumed?.has(room) !== true);
    await Promise.all(missing.map((membership) => this.#rejoin(membership, true)));
    return connection === this.#rejoiner.connection;
  }

  /** The connection is gone: what is still being joined again waits for the next one. */
  disconnected(): void {
    this.#rejoiner.disconnected();
    this.#options.positions.disconnected();
  }

  /** The server has put us out. */
  forget(room: string): void {
    this.#memberships.delete({ room, role: 'member' });
    this.#memberships.delete({ room, role: 'subscriber' });
    this.#forgetUnlessIn(room);
  }

  clear(): void {
    this.disconnected();
    this.#memberships.clear();
    this.#snapshots.clear();
    this.#leftWhileAway.clear();
    this.#options.positions.clear();
  }

  /** Whether the message at that place is the next one. */
  #follow(room: string, place: MessagePlace): boolean {
    const { positions, onRecovered } = this.#options;
    const cursor = positions.hear(room);
    const step = cursor.take(place);
    if (step !== 'gap') return step === 'next';
    if (this.#memberships.of(room) !== undefined) {
      this.#recover(room, true);
      return false;
    }
    // The server has put us in; only it could say what is missing.
    const reason = cursor.position?.epoch === place.epoch ? 'trimmed' : 'epoch';
    cursor.restart(place);
    onRecovered({ room, recovered: false, reason });
    return true;
  }

  #recover(room: string, canLoadAgain: boolean): void {
    const membership = this.#memberships.of(room);
    if (membership !== undefined) void this.#rejoin(membership, canLoadAgain);
  }

  /** Asks to be in the room and to go on where the client was. What follows the answer may come in the same turn. */
  #enter(membership: Membership, ask: AskRoom, onEntered: (joined: JoinedRoom) => void): Promise<JoinedRoom> {
    const { room, role } = membership;
    const cursor = this.#options.positions.join(room);
    const recover = cursor.position;
    const release = recover === undefined ? () => undefined : cursor.hold();
    return ask(
      events[role].join,
      { room, ...(recover !== undefined && { recover }) },
      {
        read: (answer) => {
          release();
          const joined = parseJoinedRoom(answer);
          if (!this.#memberships.isCurrent(membership)) return joined;
          membership.isConfirmed = true;
          membership.enteredOn = this.#rejoiner.connection;
          this.#goOn(joined);
          onEntered(joined);
          return joined;
        },
        onFailed: release,
      },
    );
  }

  #goOn({ room, position, recovery }: JoinedRoom): void {
    const { positions, onRecovered } = this.#options;
    const cursor = positions.get(room);
    // Where the client had no position it has asked for nothing.
    const hasAsked = cursor?.position !== undefined;
    cursor?.goOn(position, recovery?.recovered);
    positions.touch();
    if (hasAsked && recovery !== undefined) onRecovered(recovery);
  }

  /** Joins a room again, or closes a gap in it; reports and forgets one that is refused for good. Never rejects. */
  async #rejoin(membership: Membership, canLoadAgain: boolean): Promise<void> {
    const error = await this.#rejoiner.run(membership, (entered) =>
      this.#enter(membership, this.#options.ask, (joined) => {
        entered();
        if (canLoadAgain) this.#loadAgain(membership, joined);
      }),
    );
    if (error === undefined) return;
    const { room } = membership;
    this.#memberships.delete(membership);
    this.#forgetUnlessIn(room);
    this.#options.errors.report(error, { source: 'room', room });
  }

  #resumed(start: JoinedRoom): void {
    const { room } = start;
    this.#goOn(start);
    const membership = this.#memberships.of(room);
    if (membership === undefined) return;
    membership.enteredOn = this.#rejoiner.connection;
    this.#loadAgain(membership, start);
  }

  /** The state that the program has of the room may lack something. */
  #loadAgain({ room, getSnapshot }: Membership, joined: JoinedRoom): void {
    if (getSnapshot === undefined || joined.recovery?.recovered === true) return;
    const load = this.#snapshots.begin(room, getSnapshot);
    this.#snapshots.run(load, joined).catch((thrown: unknown) => {
      this.#options.errors.report(toWscError(thrown), { source: 'snapshot', room });
      this.#snapshots.release(load);
    });
  }

  #undoJoin(membership: Membership, ask: AskRoom): void {
    const { room } = membership;
    this.#snapshots.cancel(room);
    // A room left and joined again meanwhile is another membership.
    if (!this.#memberships.isCurrent(membership)) return;
    // The server has said yes, the snapshot no.
    if (membership.isConfirmed) void forgivable(this.leave(membership, ask, true));
    this.#memberships.delete(membership);
    if (this.#memberships.of(room) === undefined) this.#options.positions.drop(room);
  }

  #leaveAgain(isResumed: boolean): void {
    for (const room of this.#leftWhileAway) {
      const isLeft = isResumed && this.#memberships.of(room) === undefined;
      if (isLeft) void forgivable(this.#options.ask(events.member.leave, { room }, { read: () => undefined }));
    }
    this.#leftWhileAway.clear();
  }

  #forgetUnlessIn(room: string): void {
    if (this.#memberships.of(room) !== undefined) return;
    this.#options.positions.forget(room);
    this.#snapshots.cancel(room);
  }
}

const newMembership = (place: RoomPlace, getSnapshot: GetSnapshot | undefined): Membership => ({
  ...{ ...place, getSnapshot },
  ...{ isConfirmed: false, hasJoined: false, joinCount: 0, enteredOn: undefined },
});
