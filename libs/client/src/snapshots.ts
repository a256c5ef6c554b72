import { WscError, type ServerNotifyEnvelope } from '@nest-wsc/protocol';
import type { ErrorReporter } from './error-reporter.js';
import { HeldMessages } from './held-messages.js';
import { isAtOrAbove, parsePosition, type Position } from './position.js';
import type { PositionTable } from './position-table.js';
import type { JoinedRoom } from './recovery-answers.js';

/**
 * Loads the state of a room and puts it in place. Answers the position that this state is of, where that is known: of the room's
 * messages exactly those above it follow. Where it is not, those follow that came since the join; the state may have some already.
 */
export type GetSnapshot = (joined: JoinedRoom) => Position | undefined | PromiseLike<Position | undefined>;

/** What {@link Snapshots} needs. */
export interface SnapshotsOptions {
  readonly errors: ErrorReporter;
  readonly positions: PositionTable;
  readonly deliver: (message: ServerNotifyEnvelope) => void;
  /** Asks the server for what follows the room's position. */
  readonly recover: (room: string) => void;
}

/** One room from its join to its state. */
export interface SnapshotLoad {
  readonly room: string;
  readonly held: HeldMessages;
  readonly getSnapshot: GetSnapshot;
}

/** Holds the messages of rooms whose state is being loaded, so that state and messages fit together. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #held = new Map<string, HeldMessages>();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** From now on the room's messages wait. One that has begun is over. */
  begin(room: string, getSnapshot: GetSnapshot): SnapshotLoad {
    const held = new HeldMessages();
    this.#held.set(room, held);
    return { room, held, getSnapshot };
  }

  /** Whether it has taken the message. */
  take(message: ServerNotifyEnvelope): boolean {
    const held = this.#held.get(message.room ?? '');
    held?.push(message);
    return held !== undefined;
  }

  /** Forgets what waits. */
  cancel(room: string): void {
    this.#held.delete(room);
  }

  clear(): void {
    this.#held.clear();
  }

  /** Lets out what waits, without a new state. */
  release(load: SnapshotLoad): void {
    if (this.#end(load)) for (const message of load.held.messages) this.#options.deliver(message);
  }

  /** Rejects with what `getSnapshot` throws; then the messages wait still. */
  async run(load: SnapshotLoad, joined: JoinedRoom): Promise<void> {
    const { room, held, getSnapshot } = load;
    const snapshot = parsePosition(await getSnapshot(joined));
    if (!this.#end(load)) return;
    const { positions, recover } = this.#options;
    const { position: start } = joined;
    const isTooOld = snapshot !== undefined && start !== undefined && !isAtOrAbove(snapshot, start);
    if (start !== undefined && (isTooOld || held.hasOverflowed)) {
      // Between the state and what waits there is something that the server still has to send.
      positions.join(room).restart(snapshot ?? start);
      recover(room);
    } else {
      this.#deliverAbove(snapshot, load);
    }
  }

  #deliverAbove(snapshot: Position | undefined, { room, held }: SnapshotLoad): void {
    const { positions, errors, deliver } = this.#options;
    const cursor = positions.join(room);
    if (snapshot !== undefined && cursor.position !== undefined && isAtOrAbove(snapshot, cursor.position)) {
      cursor.restart(snapshot);
    }
    if (held.hasOverflowed) {
      const message = 'Too many messages came while the snapshot of the room was loaded; they are lost.';
      errors.report(new WscError('WSC_LIMIT_EXCEEDED', { message }), { source: 'snapshot', room });
    }
    for (const message of held.messages) {
      const place = parsePosition(message);
      const isInSnapshot = snapshot !== undefined && place !== undefined && isAtOrAbove(snapshot, place);
      if (!isInSnapshot) deliver(message);
      else cursor.handled(place);
    }
  }

  /** Whether it was not over already: the room was left, or another one has begun. */
  #end({ room, held }: SnapshotLoad): boolean {
    return this.#held.get(room) === held && this.#held.delete(room);
  }
}
