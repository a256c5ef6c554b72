import { jsonClientCodec, jsonCodec, type CloseCode, type ServerEnvelope } from '@nest-wsc/protocol';
import type { Handshake, HandshakeRequest } from '../core/connect/handshake.js';
import type { Principal } from '../core/connect/principal.js';
import type { Connection } from '../core/connections/connection.js';
import { Hub } from '../core/hub.js';
import { defaultHubOptions, type HubLimits, type HubOptions, type OutboxLimits } from '../core/hub-options.js';
import type { HubDependencies } from '../core/hub-parts.js';
import type { Authenticator } from '../core/ports/access.js';
import type { Encoding } from '../core/ports/transport.js';
import { MemoryBroker } from '../stores/memory/memory-broker.js';
import { MemoryCluster } from '../stores/memory/memory-cluster.js';
import { MemoryInbox } from '../stores/memory/memory-inbox.js';
import { MemoryMessageRecords } from '../stores/memory/memory-message-records.js';
import { MemoryPresence } from '../stores/memory/memory-presence.js';
import { MemorySessions } from '../stores/memory/memory-sessions.js';
import { MemoryStreams } from '../stores/memory/memory-streams.js';
import { FakeClock } from './fake-clock.js';
import { FakeLink } from './fake-link.js';
import { MemoryLogger } from './memory-logger.js';
import { TextEncoding } from './text-encoding.js';

/** What a {@link TestHub} is made with. */
export interface TestHubOptions {
  readonly options?: Partial<Omit<HubOptions, 'limits' | 'outbox'>>;
  readonly limits?: Partial<HubLimits>;
  readonly outbox?: Partial<OutboxLimits>;
  readonly dependencies?: Partial<HubDependencies>;
  /** Patterns of the endpoints. @default ['/ws'] */
  readonly paths?: readonly string[];
}

/** Who connects, and how. */
export interface TestClientOptions {
  /** Absent: anonymous. */
  readonly userId?: string;
  readonly principal?: Principal;
  readonly deviceId?: string;
  /** @default '/ws' */
  readonly path?: string;
  readonly headers?: HandshakeRequest['headers'];
  readonly encoding?: Encoding;
  /** The subprotocols that it offers; none, as clients do that were written against the stock adapter. @default ['wsc.v1.json'] */
  readonly protocols?: readonly string[];
}

/** Takes a token of the form `user:<id>` for that user; for tests only. */
class TestAuthenticator implements Authenticator {
  readonly principals = new Map<string, Principal>();

  authenticate(handshake: Handshake): Principal | undefined {
    return handshake.token === undefined ? undefined : this.verify(handshake.token);
  }

  verify(token: string): Principal {
    return this.principals.get(token) ?? { userId: token, claims: {}, tokenId: `token:${token}` };
  }
}

/**
 * A whole hub on a fake clock, with clients that need no network: for the core's own specs and for an application's.
 * Time stands still; `settle` lets one turn of the event loop pass, in which everything that was sent leaves.
 */
export class TestHub {
  readonly hub: Hub;
  readonly clock = new FakeClock();
  readonly logger = new MemoryLogger();
  readonly encoding = new TextEncoding(jsonCodec);
  readonly #authenticator = new TestAuthenticator();

  constructor(init: TestHubOptions = {}) {
    const options: HubOptions = {
      ...defaultHubOptions,
      nodeId: 'node-1',
      ...init.options,
      limits: { ...defaultHubOptions.limits, ...init.limits },
      outbox: { ...defaultHubOptions.outbox, ...init.outbox },
    };
    const broker = init.dependencies?.broker ?? new MemoryBroker();
    this.hub = new Hub(options, {
      clock: this.clock,
      logger: this.logger,
      broker,
      streams: new MemoryStreams({ clock: this.clock, broker }),
      inbox: new MemoryInbox({ clock: this.clock, broker }),
      sessions: new MemorySessions({ clock: this.clock }),
      records: new MemoryMessageRecords({ clock: this.clock }),
      presence: new MemoryPresence(),
      cluster: new MemoryCluster({ nodeId: options.nodeId, instanceId: `${options.nodeId}.1`, startedAt: 0 }),
      authenticator: this.#authenticator,
      ...init.dependencies,
    });
    for (const pattern of init.paths ?? ['/ws']) this.hub.paths.add({ pattern });
  }

  /** Makes a hub and starts it. */
  static async start(init: TestHubOptions = {}): Promise<TestHub> {
    const testHub = new TestHub(init);
    await testHub.hub.start();
    return testHub;
  }

  /** Lets everything that is due happen, without time passing. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }

  /** Goes through the gate and opens a connection. @throws {HandshakeRefusal} */
  async connect(options: TestClientOptions = {}): Promise<TestClient> {
    const admission = await this.hub.gate.admit(this.request(options));
    const link = new FakeLink();
    const connection = this.hub.open(admission, link, options.encoding ?? this.encoding);
    const client = new TestClient(connection, link, () => this.settle());
    await this.settle();
    return client;
  }

  /** An upgrade request as a transport would have read it. */
  request(options: TestClientOptions = {}): HandshakeRequest {
    const token = options.userId ?? options.principal?.userId;
    if (options.principal !== undefined)
      this.#authenticator.principals.set(options.principal.userId, options.principal);
    const query = new URLSearchParams(options.deviceId === undefined ? {} : { device_id: options.deviceId });
    return {
      path: options.path ?? '/ws',
      query,
      headers: { host: 'test', ...(token !== undefined && { authorization: `Bearer ${token}` }), ...options.headers },
      peerAddress: '192.0.2.1',
      isUpgrade: true,
      offeredProtocols: options.protocols ?? ['wsc.v1.json'],
      raw: undefined,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closing = this.hub.close();
    for (const connection of this.hub.connections()) connection.closed(1006, '');
    await this.clock.advance(this.hub.options.drainMs);
    await closing;
  }
}

/** The remote program of a {@link TestHub}. */
export class TestClient {
  readonly connection: Connection;
  readonly link: FakeLink;
  readonly #settle: () => Promise<void>;
  #nextRequest = 1;

  constructor(connection: Connection, link: FakeLink, settle: () => Promise<void>) {
    this.connection = connection;
    this.link = link;
    this.#settle = settle;
  }

  /** Every envelope that has come so far. */
  get received(): readonly ServerEnvelope[] {
    const lines = Buffer.concat(this.link.writes)
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    return lines.map((line) => jsonClientCodec.decode(line));
  }

  /** The messages that have come so far. */
  get messages(): readonly Extract<ServerEnvelope, { readonly type: 'notify' }>[] {
    return this.received.filter((envelope) => envelope.type === 'notify');
  }

  get closedWith(): CloseCode | undefined {
    return this.link.closedWith;
  }

  /** Sends text or an object as one message, as it is. */
  async send(payload: string | Readonly<Record<string, unknown>>): Promise<void> {
    this.connection.receive(typeof payload === 'string' ? payload : JSON.stringify(payload));
    await this.#settle();
  }

  /** Sends a request and gives its answer: the last envelope that came for it. */
  async request(event: string, data?: unknown): Promise<ServerEnvelope | undefined> {
    const requestId = `request-${String(this.#nextRequest++)}`;
    await this.send({ type: 'request', event, request_id: requestId, data });
    return this.received.findLast((envelope) => 'requestId' in envelope && envelope.requestId === requestId);
  }

  /** The link takes bytes again. */
  async unblock(): Promise<void> {
    this.link.isBlocked = false;
    this.connection.drained();
    await this.#settle();
  }

  /** The remote program goes away. */
  async disconnect(code = 1000, reason = ''): Promise<void> {
    this.connection.closed(code, reason);
    await this.#settle();
  }
}
