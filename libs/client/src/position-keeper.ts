import { WscError } from '@nest-wsc/protocol';
import { toWscError, type ErrorReporter } from './error-reporter.js';
import { parsePosition, type Position } from './position.js';
import type { PositionStore, RoomPositions } from './position-store.js';
import type { Cancel, Scheduler } from './scheduler.js';
import { isThenable, withDeadline } from './settle.js';

/** What a {@link PositionKeeper} needs. */
export interface PositionKeeperOptions {
  readonly store: PositionStore;
  readonly scheduler: Scheduler;
  readonly errors: ErrorReporter;
  readonly loadTimeoutMs: number;
  /** Of the rooms that the client is in. */
  readonly current: () => Iterable<readonly [room: string, position: Position]>;
}

const saveDelayMs = 250;
// Rooms that a program has joined once, and neither left nor joined again since.
const maxRooms = 1_000;

/** Reads positions from a store once, and writes them back, many changes at a time. */
export class PositionKeeper {
  readonly #options: PositionKeeperOptions;
  /** The room that changed last is the last one. */
  readonly #positions = new Map<string, Position>();
  #loading: Promise<void> | undefined;
  #wasLoaded = false;
  #cancelSave: Cancel | undefined;
  #saving: Promise<void> | undefined;
  /** What is to be saved after that. */
  #next: RoomPositions | undefined;

  constructor(options: PositionKeeperOptions) {
    this.#options = options;
  }

  /** Nothing where that is done already. Never rejects. */
  load(): Promise<void> | undefined {
    if (!this.#wasLoaded) this.#load();
    return this.#loading;
  }

  get(room: string): Position | undefined {
    return this.#positions.get(room);
  }

  forget(room: string): void {
    if (this.#positions.delete(room)) this.touch();
  }

  /** Something has changed. */
  touch(): void {
    this.#cancelSave ??= this.#options.scheduler.after(saveDelayMs, () => this.save());
  }

  /** Saves what has changed, now. */
  save(): void {
    if (this.#cancelSave === undefined) return;
    this.#cancelSave();
    this.#cancelSave = undefined;
    for (const [room, position] of this.#options.current()) {
      this.#positions.delete(room);
      this.#positions.set(room, position);
    }
    for (const room of this.#positions.keys()) if (this.#positions.size > maxRooms) this.#positions.delete(room);
    this.#write(Object.fromEntries(this.#positions));
  }

  #load(): void {
    const { store, scheduler, loadTimeoutMs: timeoutMs } = this.#options;
    const error = (): WscError => new WscError('WSC_TIMEOUT', { message: 'The positions took too long to load.' });
    const load = (): unknown => {
      const loaded = store.load();
      return isThenable(loaded) ? withDeadline(Promise.resolve(loaded), { scheduler, timeoutMs, error }) : loaded;
    };
    this.#wasLoaded = true;
    this.#loading = this.#call(load, (loaded) => this.#take(loaded))?.then(() => {
      this.#loading = undefined;
    });
  }

  #take(loaded: unknown): void {
    if (typeof loaded !== 'object' || loaded === null) return;
    for (const [room, value] of Object.entries(loaded)) {
      const position = parsePosition(value);
      if (position !== undefined) this.#positions.set(room, position);
    }
  }

  #write(positions: RoomPositions): void {
    if (this.#saving !== undefined) {
      this.#next = positions;
      return;
    }
    const save = (): unknown => this.#options.store.save(positions);
    this.#saving = this.#call(save, () => undefined)?.then(() => {
      const next = this.#next;
      this.#saving = this.#next = undefined;
      if (next !== undefined) this.#write(next);
    });
  }

  /** Calls the store. Answers a promise, which never rejects, only where the store did. */
  #call(work: () => unknown, onDone: (result: unknown) => void): Promise<void> | undefined {
    const onThrow = (thrown: unknown): void => this.#options.errors.report(toWscError(thrown), { source: 'positions' });
    try {
      const result = work();
      if (isThenable(result)) return Promise.resolve(result).then(onDone).catch(onThrow);
      onDone(result);
    } catch (thrown) {
      onThrow(thrown);
    }
    return undefined;
  }
}
