import type { Handshake } from '../connect/handshake.js';
import type { Principal } from '../connect/principal.js';
import type { Encoding } from '../ports/transport.js';

/** What is known of a connection when it begins. */
export interface ConnectionIdentityInit {
  readonly id: string;
  readonly handshake: Handshake;
  readonly encoding: Encoding;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
}

/** Whose connection it is, where it came from, and what it speaks. A base and no part of it: an idle connection holds no second object. */
export abstract class ConnectionIdentity {
  readonly id: string;
  readonly deviceId: string;
  /** Whether the client gave its device's id, so that it is the same when it comes back. */
  readonly isDeviceNamed: boolean;
  readonly remoteAddress: string;
  /** The pattern of the endpoint it came in on. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  readonly encoding: Encoding;

  #metadata: Map<string, unknown> | undefined;
  #principal: Principal | undefined;

  constructor(init: ConnectionIdentityInit) {
    const { handshake } = init;
    this.id = init.id;
    this.deviceId = handshake.deviceId;
    this.isDeviceNamed = handshake.isDeviceNamed;
    this.remoteAddress = handshake.remoteAddress;
    this.path = handshake.path;
    this.params = handshake.params;
    this.connectedAt = init.connectedAt;
    this.encoding = init.encoding;
    this.#metadata = handshake.usedMetadata;
    this.#principal = handshake.principal;
  }

  /** The application's own facts about this connection; guards may set them during the handshake. */
  get metadata(): Map<string, unknown> {
    return (this.#metadata ??= new Map<string, unknown>());
  }

  /** The metadata where there is any: whoever only looks makes no map. @internal */
  get usedMetadata(): ReadonlyMap<string, unknown> | undefined {
    return this.#metadata;
  }

  /** Who it belongs to; undefined while anonymous. Replaced by `refresh_token`. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  get userId(): string | undefined {
    return this.#principal?.userId;
  }

  get userType(): string | undefined {
    return this.#principal?.userType;
  }

  get name(): string | undefined {
    return this.#principal?.name;
  }

  /** The subprotocol that it speaks. */
  get protocol(): string {
    return this.encoding.codec.subprotocol;
  }

  /** Its client has given a new token for the same user. @internal */
  replacePrincipal(principal: Principal): void {
    this.#principal = principal;
  }
}
