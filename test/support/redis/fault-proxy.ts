import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { until } from '../until.js';
import { FaultPipe } from './fault-pipe.js';
import { findFreePort } from './free-port.js';

/** Which bytes a fault is for: what the program sends, what the server answers, or all. */
export type Direction = 'toServer' | 'toClient' | 'both';

/** Of the program under test, through the proxy, to the server. */
interface Route {
  readonly client: Socket;
  readonly server: Socket;
  readonly toServer: FaultPipe;
  readonly toClient: FaultPipe;
}

/**
 * A network that fails on demand, in front of any TCP server of this machine. Starts without a fault; `heal` ends all
 * faults. Closing `await using`s it, and resets what is still open.
 *
 * Unlike a network it accepts a connection first and asks the server after that: where the server is down, a program sees
 * a reset instead of a refusal.
 */
export class FaultProxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #targetPort: number;
  readonly #listener: Server;
  readonly #routes = new Set<Route>();
  readonly #delaysMs = { toServer: 0, toClient: 0 };
  readonly #isHeld = { toServer: false, toClient: false };
  readonly #bytes = { toServer: 0, toClient: 0 };
  #acceptedCount = 0;

  private constructor(port: number, targetPort: number) {
    this.port = port;
    this.#targetPort = targetPort;
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /** A proxy on a free port. */
  static async start(target: { readonly port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(await findFreePort(), target.port);
    await proxy.#listen();
    return proxy;
  }

  /** `redis://127.0.0.1:<port>`, without the password that the server may ask for. */
  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  get clientConfig(): { readonly host: string; readonly port: number } {
    return { host: this.host, port: this.port };
  }

  /** Connections that are open now. */
  get openCount(): number {
    return this.#routes.size;
  }

  /** Connections since the start. */
  get acceptedCount(): number {
    return this.#acceptedCount;
  }

  /** Bytes that reached the server. */
  get bytesToServer(): number {
    return this.#bytes.toServer;
  }

  /** Bytes that reached the programs. */
  get bytesToClient(): number {
    return this.#bytes.toClient;
  }

  /** Lets bytes take as long one way: with 'both', a question and its answer take twice as long. */
  delay(ms: number, direction: Direction = 'both'): void {
    for (const way of waysOf(direction)) {
      this.#delaysMs[way] = ms;
      for (const route of this.#routes) route[way].delayMs = ms;
    }
  }

  /**
   * Connections stay open and new ones are accepted, but nothing passes, not even their end. As in a network that comes
   * back, `heal` delivers what was sent meanwhile.
   */
  blackHole(direction: Direction = 'both'): void {
    for (const way of waysOf(direction)) {
      this.#isHeld[way] = true;
      for (const route of this.#routes) route[way].hold();
    }
  }

  /** Ends all open connections with a TCP reset, on both sides. New ones are welcome. */
  reset(): void {
    for (const route of this.#routes) endRoute(route);
  }

  /** Refuses new connections. Open ones stay. */
  cut(): void {
    if (this.#listener.listening) this.#listener.close();
  }

  /** Ends all faults. */
  async heal(): Promise<void> {
    this.delay(0);
    this.#isHeld.toServer = this.#isHeld.toClient = false;
    for (const { toServer, toClient } of this.#routes) {
      toServer.release();
      toClient.release();
    }
    if (!this.#listener.listening) await this.#listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.reset();
    await until(
      () => this.openCount,
      (count) => count === 0,
    );
  }

  async #listen(): Promise<void> {
    this.#listener.listen(this.port, this.host);
    await once(this.#listener, 'listening');
  }

  #accept(client: Socket): void {
    this.#acceptedCount++;
    const server = connect({ port: this.#targetPort, host: this.host, allowHalfOpen: true, noDelay: true });
    const route: Route = {
      client,
      server,
      toServer: this.#pipe('toServer', client, server),
      toClient: this.#pipe('toClient', server, client),
    };
    this.#routes.add(route);
    for (const socket of [client, server]) {
      socket.on('error', () => endRoute(route));
      socket.on('close', () => {
        if (client.closed && server.closed) this.#routes.delete(route);
      });
    }
  }

  #pipe(way: 'toServer' | 'toClient', from: Socket, to: Socket): FaultPipe {
    const pipe = new FaultPipe(from, to, (count) => (this.#bytes[way] += count));
    pipe.delayMs = this.#delaysMs[way];
    if (this.#isHeld[way]) pipe.hold();
    return pipe;
  }
}

function waysOf(direction: Direction): readonly ('toServer' | 'toClient')[] {
  return direction === 'both' ? ['toServer', 'toClient'] : [direction];
}

function endRoute({ client, server, toServer, toClient }: Route): void {
  toServer.close();
  toClient.close();
  resetSocket(client);
  resetSocket(server);
}

/**
 * Node resets only once all is written; what somebody doesn't read never is, and is left to an ordinary close. So is what has been ended
 * already: libuv refuses to reset it, and Node then leaves its handle open, which would keep this process running.
 */
function resetSocket(socket: Socket): void {
  if (socket.writableLength === 0 && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
