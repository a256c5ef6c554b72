import { WscError } from '@nest-wsc/protocol';
import { itemsOf, withItem, withoutItem, type OneOrMany } from '../collections/one-or-many.js';
import type { Connection } from '../connections/connection.js';
import type { NamespaceTable, RoomPolicy } from './namespace-table.js';
import type { RoomRegistry } from './room-registry.js';

/**
 * Decides what clients may do with rooms, by the room's namespace alone: the answer is the same whether the room exists or not.
 * The application itself is never asked.
 */
export class RoomAccess {
  readonly #namespaces: NamespaceTable;
  readonly #rooms: RoomRegistry;
  /** Rooms that the client itself has joined; only these are looked at again when its token is refreshed. */
  readonly #joinedByClient = new WeakMap<Connection, OneOrMany<string>>();

  constructor(deps: { readonly namespaces: NamespaceTable; readonly rooms: RoomRegistry }) {
    this.#namespaces = deps.namespaces;
    this.#rooms = deps.rooms;
  }

  async mayJoin(connection: Connection, room: string): Promise<boolean> {
    const namespace = this.#namespaces.of(room);
    if (namespace === undefined) return false;
    return (await namespace.policy.authorizeJoin?.(connection, room)) ?? namespace.joinable;
  }

  /** @throws {WscError} WSC_FORBIDDEN */
  async requireJoin(connection: Connection, room: string): Promise<void> {
    if (!(await this.mayJoin(connection, room))) throw new WscError('WSC_FORBIDDEN');
  }

  /** Members only, where the namespace or its policy lets them. @throws {WscError} WSC_FORBIDDEN */
  async requirePublish(connection: Connection, room: string): Promise<void> {
    const namespace = this.#namespaces.of(room);
    const isMember = this.#rooms.get(room)?.isMember(connection) === true;
    if (namespace === undefined || !isMember) throw new WscError('WSC_FORBIDDEN');
    const isAllowed = (await namespace.policy.authorizePublish?.(connection, room)) ?? namespace.memberPublish;
    if (!isAllowed) throw new WscError('WSC_FORBIDDEN');
  }

  /** Members, or whom the policy lets, in namespaces with presence. @throws {WscError} WSC_FORBIDDEN */
  async requirePresence(connection: Connection, room: string): Promise<void> {
    if (this.#namespaces.of(room)?.presence !== true) throw new WscError('WSC_FORBIDDEN');
    await this.#requireMemberOr('authorizePresence', connection, room);
  }

  /** @throws {WscError} WSC_FORBIDDEN */
  async requireHistory(connection: Connection, room: string): Promise<void> {
    await this.#requireMemberOr('authorizeHistory', connection, room);
  }

  joinedByClient(connection: Connection, room: string): void {
    this.#joinedByClient.set(connection, withItem(this.#joinedByClient.get(connection), room));
  }

  leftByClient(connection: Connection, room: string): void {
    const rest = withoutItem(this.#joinedByClient.get(connection), room);
    if (rest === undefined) this.#joinedByClient.delete(connection);
    else this.#joinedByClient.set(connection, rest);
  }

  /** The rooms that the client itself has joined and is still in. */
  roomsJoinedByClient(connection: Connection): readonly string[] {
    return [...itemsOf(this.#joinedByClient.get(connection))].filter((room) => connection.isIn(room));
  }

  async #requireMemberOr(question: keyof RoomPolicy, connection: Connection, room: string): Promise<void> {
    const isMember = this.#rooms.get(room)?.isMember(connection) === true;
    const isAllowed = (await this.#namespaces.of(room)?.policy[question]?.(connection, room)) ?? isMember;
    if (!isAllowed) throw new WscError('WSC_FORBIDDEN');
  }
}
