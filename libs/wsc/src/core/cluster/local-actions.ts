import { adviceFor, closeCodes, WscError, type CloseCode } from '@nest-wsc/protocol';
import { messageOf } from '../async/as-error.js';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { Connection } from '../connections/connection.js';
import type { ConnectionRegistry } from '../connections/connection-registry.js';
import type { OutboundMessage } from '../messages/message.js';
import type { Delivery } from '../messages/delivery.js';
import type { DeliveryCount } from '../ports/broker.js';
import type { ClusterRequest } from '../ports/cluster.js';
import type { Membership } from '../rooms/membership.js';
import type { UserStatus } from '../rooms/user-status.js';
import type { SessionKeeper } from '../sessions/session-keeper.js';
import type { HubStats } from '../stats.js';
import type { RemoteFailure } from './remote-value.js';

/** What {@link LocalActions} need. */
export interface LocalActionsDependencies {
  readonly connections: ConnectionRegistry;
  readonly delivery: Delivery;
  readonly membership: Membership;
  readonly keeper: SessionKeeper;
  readonly userStatus: UserStatus;
  readonly stats: () => HubStats;
}

/** What one node does with its own connections, for its own application and for other nodes alike. */
export class LocalActions {
  readonly #deps: LocalActionsDependencies;

  constructor(dependencies: LocalActionsDependencies) {
    this.#deps = dependencies;
  }

  /** What this node has counted. */
  get stats(): HubStats {
    return this.#deps.stats();
  }

  /** Answers what another node asks. Never throws or rejects: a failure is an answer too. */
  async answer(request: ClusterRequest): Promise<unknown> {
    try {
      return await this.perform(request);
    } catch (error) {
      const failure: RemoteFailure = {
        error: error instanceof WscError ? error.error : 'WSC_INTERNAL',
        message: messageOf(error),
      };
      return failure;
    }
  }

  /**
   * Counts of connections where some are closed; what became of a message, or null for a connection that is not here; true for who
   * was put into a room or out of it.
   * @throws {WscError} as the action does.
   */
  perform(request: ClusterRequest): MaybePromise<unknown> {
    switch (request.kind) {
      case 'stats':
        return this.stats;
      case 'closeUser':
        return this.#closeUser(request.userId, request.closeCode);
      case 'closeConnection':
        return this.#close(this.#connection(request.connectionId), request.closeCode);
      case 'closeRoom':
        return this.#deps.membership.closeHere(request.room, request.reason, request.message);
      case 'revoked':
        return this.closeToken(request.tokenId);
      case 'departed':
        return this.#deps.userStatus.takeOver(request.users, request.withinMs);
      case 'send':
        return this.send(request.connectionId, request.message) ?? null;
      case 'join':
        return this.#inRoom(request.connectionId, (connection) =>
          this.#deps.membership.join(connection, request.room, request.role),
        );
      case 'leave':
        return this.#inRoom(request.connectionId, (connection) =>
          this.#deps.membership.leave(connection, request.room),
        );
    }
  }

  /** Undefined: the connection is not here. */
  send(connectionId: string, message: OutboundMessage): DeliveryCount | undefined {
    const connections = this.#connection(connectionId);
    return connections.length === 0 ? undefined : this.#deps.delivery.toConnections(message, connections);
  }

  /** Ends the connections that were made with a token. Answers how many. */
  closeToken(tokenId: string): number {
    const { connections } = this.#deps;
    const made = [...connections.all()].filter(({ principal }) => principal?.tokenId === tokenId);
    return this.#close(made, closeCodes.unauthorized);
  }

  #connection(connectionId: string): readonly Connection[] {
    const connection = this.#deps.connections.get(connectionId);
    return connection === undefined ? [] : [connection];
  }

  #closeUser(userId: string, closeCode: CloseCode): number {
    if (adviceFor(closeCode.code) === 'stop') this.#deps.keeper.endUnwritten(userId);
    return this.#close(this.#deps.connections.ofUser(userId), closeCode);
  }

  #close(connections: Iterable<Connection>, closeCode: CloseCode): number {
    const all = [...connections];
    const isFinal = adviceFor(closeCode.code) === 'stop';
    for (const connection of all) {
      // At once: its client may be back before its link has closed.
      if (isFinal) this.#deps.keeper.end(connection);
      connection.close(closeCode);
    }
    return all.length;
  }

  async #inRoom(connectionId: string, act: (connection: Connection) => Promise<void>): Promise<boolean> {
    const [connection] = this.#connection(connectionId);
    if (connection === undefined) return false;
    await act(connection);
    return true;
  }
}
