import type { Connection, Hub } from '../../core/index.js';

/**
 * Keeps the upgrade request from the handshake until the connect callbacks, for `handleConnection(client, request)` of gateways that
 * were written for the stock adapter. A connection keeps its handshake's metadata and nothing else of it, so that is the key.
 */
export class HandshakeMemory {
  readonly #hub: Hub;
  readonly #requests = new WeakMap<object, unknown>();
  #isUsed = false;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** From now on, for this endpoint. */
  remember(path: string): void {
    this.#isUsed = true;
    this.#hub.gate.addConnectGuard((handshake) => {
      this.#requests.set(handshake.metadata, handshake.request.raw);
    }, path);
  }

  /** The transport's own request object, while connect callbacks run. */
  requestOf(connection: Connection): unknown {
    return this.#requests.get(connection.metadata);
  }

  /** To be called once every other connect callback is registered: an open connection must not keep its request. */
  forgetOnceConnected(): void {
    if (this.#isUsed) this.#hub.hooks.onConnect((connection) => void this.#requests.delete(connection.metadata));
  }
}
