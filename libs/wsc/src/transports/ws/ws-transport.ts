import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { serverCodecs, type ServerCodec } from '@nest-wsc/protocol';
import { refusalFrom, refuse, type HandshakeRefusal } from '../../core/connect/refusal.js';
import type { Logger } from '../../core/ports/logger.js';
import { answerConnectionCheck } from './connection-check.js';
import { EncodingTable } from './frame-encoding.js';
import { refuseOnSocket, refuseResponse } from './http-answer.js';
import { openOwnPort, type OwnPort, type OwnPortOptions } from './own-port.js';
import { handBack } from './ordinary-request.js';
import { PendingUpgrade } from './pending-upgrade.js';
import type { UpgradeAdmission, UpgradeHost } from './upgrade-host.js';
import {
  assertUpgrade,
  isWebSocketUpgrade,
  parseTarget,
  UpgradeRequest,
  type RequestTarget,
} from './upgrade-request.js';
import { WsLink, type LinkContext } from './ws-link.js';
import { WsUpgrader, type Upgrade } from './ws-upgrader.js';

/** What happens to an upgrade on a path that is not ours. */
export type ForeignPaths =
  /** 404 while ours is the server's only `upgrade` listener, else left to the others. */
  | 'auto'
  /** Always left alone. */
  | 'ignore'
  /** Always 404. */
  | 'refuse';

/** What a {@link WsTransport} needs. */
export interface WsTransportOptions {
  readonly hub: UpgradeHost;
  readonly logger: Logger;
  /** Largest message in bytes, after decompression; 0: no limit. Read at each upgrade. */
  readonly maxPayload: () => number;
  /** Offers permessage-deflate. @default false */
  readonly compression?: boolean | undefined;
  /** @default 'auto' */
  readonly foreignPaths?: ForeignPaths | undefined;
  /** What a client speaks that offers no subprotocol, where its path does not say. @default 'wsc.v1.json' */
  readonly defaultProtocol?: string | undefined;
  /** @default every codec of the protocol package */
  readonly codecs?: ReadonlyMap<string, ServerCodec> | undefined;
}

/** What this transport has counted since its start. */
export interface WsTransportStats {
  /** Upgrades that were answered with anything but 101, on our paths. */
  readonly refusedUpgrades: number;
  /** Connections that broke RFC 6455 or the size limit. */
  readonly protocolErrors: number;
}

/**
 * WebSockets on HTTP servers: takes the `upgrade` requests of its own paths and leaves all others to whoever listens too.
 * Promises: every check comes before the 101, and every refusal is a whole HTTP answer with a JSON body (PROTOCOL.md §1).
 */
export class WsTransport {
  readonly #hub: UpgradeHost;
  readonly #logger: Logger;
  readonly #foreignPaths: ForeignPaths;
  readonly #defaultProtocol: string;
  readonly #codecs: ReadonlyMap<string, ServerCodec>;
  readonly #encodings = new EncodingTable();
  readonly #upgrader: WsUpgrader;
  readonly #linkContext: LinkContext;
  readonly #pending = new Set<PendingUpgrade>();
  readonly #detachers = new Map<() => void, Server>();
  readonly #ownPorts = new Set<Promise<OwnPort>>();
  #refusedUpgrades = 0;
  #protocolErrors = 0;
  #closing: Promise<void> | undefined;

  constructor(options: WsTransportOptions) {
    this.#hub = options.hub;
    this.#logger = options.logger;
    this.#foreignPaths = options.foreignPaths ?? 'auto';
    this.#defaultProtocol = options.defaultProtocol ?? 'wsc.v1.json';
    this.#codecs = options.codecs ?? serverCodecs;
    this.#upgrader = new WsUpgrader({ maxPayload: options.maxPayload, compression: options.compression ?? false });
    this.#linkContext = { logger: options.logger, onProtocolError: () => (this.#protocolErrors += 1) };
  }

  get stats(): WsTransportStats {
    return { refusedUpgrades: this.#refusedUpgrades, protocolErrors: this.#protocolErrors };
  }

  /** Takes the upgrades of our paths on `server`, which stays its owner's. Answers how to let go of it. */
  attach(server: Server): () => void {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      this.#upgrade(server, { request, socket, head });
    };
    const detach = (): void => {
      server.off('upgrade', onUpgrade);
      this.#detachers.delete(detach);
    };
    server.on('upgrade', onUpgrade);
    this.#detachers.set(detach, server);
    return detach;
  }

  /**
   * Listens on a port of its own, which serves upgrades and connection checks and nothing else.
   * @throws what Node says when the port can't be listened on; {Error} once the transport closes.
   */
  async listenOwnPort(options: OwnPortOptions): Promise<OwnPort> {
    this.#requireNotClosed();
    const opening = openOwnPort(options, {
      logger: this.#logger,
      attach: (server) => this.attach(server),
      onRequest: (request, response) => {
        if (!this.checkRequest(request, response)) refuseResponse(response, refuse.notFound());
      },
    });
    // While it opens already: who closes the transport meanwhile must find it.
    this.#ownPorts.add(opening);
    opening.catch(() => this.#ownPorts.delete(opening));
    const port = await opening;
    this.#requireNotClosed();
    return port;
  }

  /**
   * Answers an ordinary GET or HEAD on one of our paths with what an upgrade would get, 204 or the refusal, so that a browser
   * client can learn it; a preflight too. Answers whether it took the request; if not, nothing was touched.
   */
  checkRequest(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS') return false;
    const target = parseTarget(request.url);
    if (target === undefined || this.#hub.paths.match(target.path) === undefined) return false;
    answerConnectionCheck(this.#hub, { request, response, target }, (error) => this.#refusalOf(error)).catch(() =>
      response.destroy(),
    );
    return true;
  }

  /**
   * Lets go of all servers, refuses what is being decided, ends own ports. Open connections on other servers are the hub's to close.
   * What those answer from now on ends the connection: a server that closes waits for connections on which requests keep coming, such as
   * a proxy's health checks, and they are to go elsewhere.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const [detach, server] of [...this.#detachers]) {
      detach();
      server.prependListener('request', endAfterAnswer);
    }
    for (const pending of this.#pending) pending.abort(refuse.unavailable('The server is shutting down.', 1));
    await Promise.allSettled(Array.from(this.#ownPorts, async (opening) => (await opening).close()));
  }

  #requireNotClosed(): void {
    if (this.#closing !== undefined) throw new Error('The WebSocket transport is closed.');
  }

  #upgrade(server: Server, upgrade: Upgrade): void {
    const target = parseTarget(upgrade.request.url);
    if (target === undefined || this.#hub.paths.match(target.path) === undefined) this.#leave(server, upgrade);
    // Only if even the refusal failed, as where a logger throws: one request must not end the process.
    else this.#decide(upgrade, target).catch(() => upgrade.socket.destroy());
  }

  /** Not one of our paths. Node hands an upgrade to nobody else, so without other listeners it is ours to end. */
  #leave(server: Server, upgrade: Upgrade): void {
    const isOnlyListener = server.listenerCount('upgrade') === 1;
    const isRefused = this.#foreignPaths === 'auto' ? isOnlyListener : this.#foreignPaths === 'refuse';
    if (isOnlyListener && !isWebSocketUpgrade(upgrade.request)) handBack(server, upgrade);
    else if (isRefused) refuseOnSocket(upgrade.socket, refuse.notFound());
  }

  async #decide(upgrade: Upgrade, target: RequestTarget): Promise<void> {
    const pending = new PendingUpgrade(upgrade.socket);
    this.#pending.add(pending);
    try {
      assertUpgrade(upgrade.request);
      const request = new UpgradeRequest(upgrade.request, target);
      const admission = await this.#hub.gate.admit(request, pending.cancellation);
      // Everything from here on happens in one turn: no byte can come between the 101 and its reader.
      this.#open(admission, upgrade);
      request.forgetRaw();
    } catch (error) {
      this.#refusedUpgrades += 1;
      refuseOnSocket(upgrade.socket, this.#refusalOf(error));
    } finally {
      pending.settle();
      this.#pending.delete(pending);
    }
  }

  #open(admission: UpgradeAdmission, upgrade: Upgrade): void {
    const { protocol } = admission.handshake;
    const codec = this.#codecs.get(protocol ?? admission.endpoint.defaultProtocol ?? this.#defaultProtocol);
    const upgraded = codec && this.#upgrader.upgrade(upgrade, protocol);
    if (codec === undefined || upgraded === undefined) {
      admission.release();
      if (codec === undefined) throw new Error(`There is no codec for the subprotocol "${protocol ?? 'none'}".`);
      return;
    }
    const link = new WsLink(upgraded.webSocket, upgrade.socket, this.#linkContext);
    try {
      link.bind(this.#hub.open(admission, link, this.#encodings.encodingFor(codec, upgraded.isDeflated)));
    } catch (error) {
      this.#logger.error('A connection could not be opened.', { cause: error });
      admission.release();
      link.terminate();
    }
  }

  #refusalOf(error: unknown): HandshakeRefusal {
    const refusal = refusalFrom(error);
    if (refusal !== error) this.#logger.error('A handshake failed.', { cause: refusal.cause });
    return refusal;
  }
}

function endAfterAnswer(_request: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}
