import { isName, namespaceOf } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { MaybePromise } from '../async/maybe-promise.js';
import { backpressures, isBackpressure, type Backpressure } from '../outbox/backpressure.js';
import { resolveHistory, type History, type HistoryOptions } from '../streams/history-options.js';

/** Decides what clients may do with the rooms of a namespace. The application itself always may. */
export interface RoomPolicy {
  /** @default the namespace's `joinable` */
  authorizeJoin?(connection: Connection, room: string): MaybePromise<boolean>;
  /** Asked for members only. @default the namespace's `memberPublish` */
  authorizePublish?(connection: Connection, room: string): MaybePromise<boolean>;
  /** @default members only */
  authorizePresence?(connection: Connection, room: string): MaybePromise<boolean>;
  /** @default members only */
  authorizeHistory?(connection: Connection, room: string): MaybePromise<boolean>;
}

/** What holds for every room whose name starts with the namespace and a colon, or is the namespace. */
export interface NamespaceOptions {
  /** Whether clients may join by themselves, where no policy says otherwise. @default false */
  readonly joinable?: boolean;
  /** Whether members may send `room_message`, where no policy says otherwise. @default the same as `joinable` */
  readonly memberPublish?: boolean;
  /** Whether `presence` answers and members hear `user_status`. @default false */
  readonly presence?: boolean;
  /** Whether members hear `room_joined` and `room_left`. @default false */
  readonly announceMembers?: boolean;
  /** Members per room; 0: the node's limit holds. @default 0 */
  readonly maxMembers?: number;
  /**
   * What happens with the room's messages to a connection that reads too slowly. With history only `close` and `catch-up`, and
   * `catch-up` only with history. @default 'close', with history 'catch-up'
   */
  readonly backpressure?: Backpressure;
  /** Whether the rooms' messages are kept, so that who was away gets what was missed. @default false */
  readonly history?: boolean | HistoryOptions;
  readonly policy?: RoomPolicy;
}

/** A namespace with every option filled in. */
export interface Namespace {
  readonly name: string;
  readonly joinable: boolean;
  readonly memberPublish: boolean;
  readonly presence: boolean;
  readonly announceMembers: boolean;
  readonly maxMembers: number;
  readonly backpressure: Backpressure;
  /** Undefined: nothing is kept. */
  readonly history: History | undefined;
  readonly policy: RoomPolicy;
}

const noPolicy: RoomPolicy = Object.freeze({});

/** The declared namespaces. A room of an undeclared one can be used by the application only. */
export class NamespaceTable {
  readonly #byName = new Map<string, Namespace>();
  /** The backpressures that were declared. */
  readonly #chosen = new Map<string, Backpressure>();

  /** Declares a namespace, or adds to what was declared before. @throws {Error} for a name, a backpressure or a history that can't be one. */
  define(name: string, options: NamespaceOptions): Namespace {
    if (!isName(name) || name.includes(':')) {
      throw new Error(`Expected a namespace of 1 to 128 characters of A-Z a-z 0-9 _ . -, got "${name}"`);
    }
    requireBackpressure(name, options.backpressure);
    const before = this.#byName.get(name);
    const joinable = options.joinable ?? before?.joinable ?? false;
    const history = options.history === undefined ? before?.history : resolveHistory(name, options.history);
    // What was only a default follows what is declared later.
    const chosen = options.backpressure ?? this.#chosen.get(name);
    const backpressure = chosen ?? (history === undefined ? 'close' : 'catch-up');
    requireFitting(name, backpressure, history);
    if (chosen !== undefined) this.#chosen.set(name, chosen);
    const namespace: Namespace = Object.freeze({
      name,
      joinable,
      memberPublish: options.memberPublish ?? before?.memberPublish ?? joinable,
      presence: options.presence ?? before?.presence ?? false,
      announceMembers: options.announceMembers ?? before?.announceMembers ?? false,
      maxMembers: options.maxMembers ?? before?.maxMembers ?? 0,
      backpressure,
      history,
      policy: options.policy ?? before?.policy ?? noPolicy,
    });
    this.#byName.set(name, namespace);
    return namespace;
  }

  /** The namespace of a room; undefined where it was not declared. */
  of(room: string): Namespace | undefined {
    return this.#byName.get(namespaceOf(room));
  }
}

/** A mistyped policy must not be taken for the default in silence. */
function requireBackpressure(name: string, value: unknown): void {
  if (value === undefined || isBackpressure(value)) return;
  const got = typeof value === 'string' ? `"${value}"` : `a value of type ${typeof value}`;
  throw new Error(
    `Expected \`backpressure\` of the namespace "${name}" to be one of ${backpressures.join(', ')}, got ${got}`,
  );
}

/** What is dropped would be a hole in a history, and without one there is nothing to catch up from. */
function requireFitting(name: string, backpressure: Backpressure, history: History | undefined): void {
  const isFitting = history === undefined ? backpressure !== 'catch-up' : ['close', 'catch-up'].includes(backpressure);
  if (isFitting) return;
  throw new Error(
    history === undefined
      ? `\`backpressure: 'catch-up'\` of the namespace "${name}" needs \`history\`: there is nothing to catch up from.`
      : `The namespace "${name}" keeps history, so its \`backpressure\` can be 'close' or 'catch-up', got "${backpressure}".`,
  );
}
