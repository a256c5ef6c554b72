import { createServer, type Server } from 'node:http';
import type { Cancellation } from '../../core/async/cancellation.js';
import type { HandshakeRequest } from '../../core/connect/handshake.js';
import type { Logger } from '../../core/ports/logger.js';
import type { Encoding, TransportLink } from '../../core/ports/transport.js';
import type { LinkOwner, UpgradeAdmission, UpgradeHost } from './upgrade-host.js';
import { WsTransport, type WsTransportOptions } from './ws-transport.js';

/** What a link told, in order. */
export class RecordingOwner implements LinkOwner {
  readonly received: string[] = [];
  readonly closing: Promise<{ readonly code: number; readonly reason: string }>;
  drainedCount = 0;
  touchCount = 0;
  closedCount = 0;
  onReceive: ((payload: string) => void) | undefined;
  onDrained: (() => void) | undefined;
  #settle: (end: { readonly code: number; readonly reason: string }) => void = () => undefined;

  constructor(
    readonly link: TransportLink,
    readonly encoding: Encoding,
  ) {
    this.closing = new Promise((resolve) => (this.#settle = resolve));
  }

  receive(payload: Uint8Array): void {
    const text = Buffer.from(payload).toString();
    this.received.push(text);
    this.onReceive?.(text);
  }

  drained(): void {
    this.drainedCount += 1;
    this.onDrained?.();
  }

  touch(): void {
    this.touchCount += 1;
  }

  closed(code: number, reason: string): void {
    this.closedCount += 1;
    this.#settle({ code, reason });
  }
}

/** A hub that does what the test says: `/ws` is its only path, and everybody is let in until {@link ScriptedHost.decide} is set. */
class ScriptedHost implements UpgradeHost {
  readonly asked: { readonly request: HandshakeRequest; readonly cancellation: Cancellation }[] = [];
  readonly owners: RecordingOwner[] = [];
  reservedCount = 0;
  protocol: string | undefined;
  decide: (request: HandshakeRequest, cancellation: Cancellation) => Promise<void> = () => Promise.resolve();
  onAsked: (() => void) | undefined;
  onOpen: ((owner: RecordingOwner) => void) | undefined;
  allowsOrigin: ((request: HandshakeRequest) => boolean) | undefined;

  readonly paths = { match: (path: string): object | undefined => (path === '/ws' ? {} : undefined) };

  readonly gate = {
    admit: async (request: HandshakeRequest, cancellation: Cancellation): Promise<UpgradeAdmission> => {
      this.asked.push({ request, cancellation });
      this.reservedCount += 1;
      this.onAsked?.();
      try {
        await this.decide(request, cancellation);
      } catch (error) {
        this.reservedCount -= 1;
        throw error;
      }
      return { handshake: { protocol: this.protocol }, endpoint: {}, release: () => (this.reservedCount -= 1) };
    },
    allowsOrigin: (request: HandshakeRequest): boolean => this.allowsOrigin?.(request) ?? false,
  };

  open(_admission: UpgradeAdmission, link: TransportLink, encoding: Encoding): LinkOwner {
    const owner = new RecordingOwner(link, encoding);
    this.owners.push(owner);
    this.onOpen?.(owner);
    return owner;
  }

  /** Settles with the next request that reaches the gate. */
  nextAsked(): Promise<void> {
    return new Promise((resolve) => (this.onAsked = resolve));
  }

  /** The only connection so far. */
  get owner(): RecordingOwner {
    const [owner] = this.owners;
    if (owner === undefined || this.owners.length > 1)
      throw new Error(`Expected 1 connection, got ${String(this.owners.length)}`);
    return owner;
  }
}

/** A transport on an HTTP server that listens on a free port, as an application has it. */
export class TransportFixture implements AsyncDisposable {
  readonly host = new ScriptedHost();
  readonly server: Server;
  readonly transport: WsTransport;

  private constructor(options: Partial<WsTransportOptions> & { readonly logger: Logger }) {
    this.server = createServer((request, response) => {
      if (!this.transport.checkRequest(request, response)) response.writeHead(200).end('the application');
    });
    this.transport = new WsTransport({ hub: this.host, maxPayload: () => 64 * 1024, ...options });
    this.transport.attach(this.server);
  }

  static async start(options: Partial<WsTransportOptions> & { readonly logger: Logger }): Promise<TransportFixture> {
    const fixture = new TransportFixture(options);
    await new Promise<void>((resolve) => fixture.server.listen(0, '127.0.0.1', resolve));
    return fixture;
  }

  get port(): number {
    const address = this.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server does not listen.');
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close();
    for (const owner of this.host.owners) owner.link.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
