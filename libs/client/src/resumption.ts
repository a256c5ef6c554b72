import { WscError, type WelcomeData } from '@nest-wsc/protocol';
import type { ErrorReporter } from './error-reporter.js';
import { InboxPosition } from './inbox-position.js';
import { Listeners } from './listeners.js';
import type { PositionTable } from './position-table.js';
import { parseResumed, type InboxRecovery, type Resumed, type RoomRecovery } from './recovery-answers.js';
import type { AskRoom } from './room-tracker.js';
import type { Scheduler } from './scheduler.js';

/** What became of the rooms and the inbox on a new connection. */
export interface Reconnection {
  /** Whether the server had kept the session; otherwise each room was joined again. */
  readonly resumed: boolean;
  /** Each room in which the client had a position, and whether what it missed there follows. */
  readonly rooms: readonly RoomRecovery[];
  /** Where the server says so. */
  readonly inbox?: InboxRecovery;
}

/** What {@link Resumption.begin} needs. */
export interface NewConnection {
  readonly welcome: WelcomeData;
  readonly isCurrent: () => boolean;
  /** Asks ahead of what waits. */
  readonly ask: AskRoom;
  /** Goes on with what the server has restored. Settles once that is done, with whether the connection lives still. */
  readonly restore: (resumed: Resumed) => Promise<boolean>;
}

// Only the session knows what the application has put the client into: a server that can't read it now, as when many come at once, is
// asked again, but not for so long that a store which is away keeps the client out of its rooms.
const resumeTries = 3;
const resumeDelayMs = 1_000;

/** Carries a session from one connection to the next (PROTOCOL.md §6.4), and tells the program what became of it. */
export class Resumption {
  readonly inbox = new InboxPosition();
  readonly recovered: Listeners<[recovery: RoomRecovery]>;
  readonly reconnected: Listeners<[reconnection: Reconnection]>;
  readonly #positions: PositionTable;
  readonly #scheduler: Scheduler;
  /** A secret. Kept until an answer has replaced it: the connection may end before. */
  #session: string | undefined;
  /** Of this connection. */
  #recoveries: RoomRecovery[] = [];
  /** Of the wait for another try. */
  #cancelWait: (() => void) | undefined;

  constructor(positions: PositionTable, scheduler: Scheduler, errors: ErrorReporter) {
    this.#positions = positions;
    this.#scheduler = scheduler;
    const onThrow = (thrown: unknown): void => errors.reportThrown(thrown);
    this.recovered = new Listeners(onThrow);
    this.reconnected = new Listeners(onThrow);
  }

  /** The server has said how a room goes on. */
  roomRecovered(recovery: RoomRecovery): void {
    this.#recoveries.push(recovery);
    this.recovered.emit(recovery);
  }

  /** Calls `restore` once the server has answered; in the same turn where there is no session yet. */
  begin(connection: NewConnection): void {
    const session = this.#session;
    this.#recoveries = [];
    if (session === undefined) {
      this.#start(connection);
      void connection.restore({});
    } else {
      this.#resume(session, connection);
    }
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#cancelWait?.();
    this.inbox.disconnected();
  }

  /** The client may be somebody else's next time. */
  clear(): void {
    this.#cancelWait?.();
    this.#session = undefined;
    this.inbox.clear();
  }

  /** There is nothing to go on from, and the server, which holds the user's inbox back until it knows, need not wait. */
  #start({ welcome, isCurrent, ask }: NewConnection): void {
    this.#session = welcome.session;
    if (welcome.userId === undefined) return;
    const read = (answer: unknown): void => {
      if (isCurrent()) this.#session = parseResumed(answer).session ?? welcome.session;
    };
    void ask('resume', { session: '' }, { read });
  }

  /** Nothing that comes before the answer counts: it comes again behind it. */
  #resume(session: string, connection: NewConnection): void {
    const { position: inbox } = this.inbox;
    const data = { session, ...(inbox !== undefined && { inbox }), rooms: this.#positions.current() };
    const release = this.#positions.hold();
    const goOn = (resumed: Resumed): void => {
      release();
      this.#goOn(resumed, connection);
    };
    const tryToResume = (triesLeft: number): void => {
      void connection.ask('resume', data, {
        read: (answer) => goOn(parseResumed(answer)),
        onFailed: (error) => {
          const canTryAgain = triesLeft > 1 && connection.isCurrent() && isUnavailable(error);
          if (canTryAgain) this.#wait(() => tryToResume(triesLeft - 1), release);
          else goOn({});
        },
      });
    };
    tryToResume(resumeTries);
  }

  #wait(next: () => void, onCancelled: () => void): void {
    const cancel = this.#scheduler.after(resumeDelayMs, () => {
      this.#cancelWait = undefined;
      next();
    });
    this.#cancelWait = () => {
      this.#cancelWait = undefined;
      cancel();
      onCancelled();
    };
  }

  #goOn(resumed: Resumed, { welcome, isCurrent, restore }: NewConnection): void {
    if (!isCurrent()) return;
    this.#session = resumed.session ?? welcome.session;
    const { rooms, inbox } = resumed;
    void restore(resumed).then((isStillCurrent) => {
      if (!isStillCurrent) return;
      const recoveries = [...this.#recoveries];
      this.reconnected.emit({ resumed: rooms !== undefined, rooms: recoveries, ...(inbox !== undefined && { inbox }) });
    });
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof WscError && error.error === 'WSC_UNAVAILABLE';
}
