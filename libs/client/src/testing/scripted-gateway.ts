import { once } from 'node:events';
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Inbox } from './inbox.js';
import { ScriptedConnection } from './scripted-connection.js';

/** What the gateway answers to an upgrade, and to the question why. */
export interface ScriptedRefusal {
  readonly statusCode: number;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
  /** Sent instead of the gateway's JSON, as a proxy would. */
  readonly body?: string;
}

/** An upgrade as the gateway saw it. */
export interface SeenUpgrade {
  readonly protocols: readonly string[];
  readonly query: URLSearchParams;
}

/** A real WebSocket server on a free port that does what a test tells it to. */
export class ScriptedGateway implements AsyncDisposable {
  readonly connections = new Inbox<ScriptedConnection>();
  readonly upgrades: SeenUpgrade[] = [];
  /** The `Authorization` header of each question why. */
  readonly questions: (string | undefined)[] = [];
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first ?? false });
  /** Whether the connections to come refuse `resume` by themselves. */
  refusesResume = true;
  readonly #refusals: ScriptedRefusal[] = [];
  #lastRefusal: ScriptedRefusal | undefined;
  /** Whether connections are welcomed by themselves. */
  readonly #welcomes: boolean;
  readonly #isAnonymous: boolean;

  private constructor(http: Server, welcomes: boolean, isAnonymous: boolean) {
    this.#http = http;
    this.#welcomes = welcomes;
    this.#isAnonymous = isAnonymous;
    http.on('request', (request, response) => this.#explain(request, response));
    http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async start({ welcomes = true, isAnonymous = false } = {}): Promise<ScriptedGateway> {
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new ScriptedGateway(http, welcomes, isAnonymous);
  }

  get url(): string {
    const address = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('The gateway does not listen.');
    return `ws://127.0.0.1:${address.port}/ws`;
  }

  /** Refuses the next upgrades, one after the other. */
  refuse(...refusals: readonly ScriptedRefusal[]): void {
    this.#refusals.push(...refusals);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((offer) => offer.trim());
    this.upgrades.push({ protocols, query: new URL(request.url ?? '', 'http://gateway').searchParams });
    this.#lastRefusal = this.#refusals.shift();
    if (this.#lastRefusal !== undefined) {
      const { statusCode } = this.#lastRefusal;
      socket.end(
        `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new ScriptedConnection(webSocket);
      connection.refusesResume = this.refusesResume;
      const session = `session${this.upgrades.length}`;
      if (this.#welcomes) connection.welcome({ session, isAnonymous: this.#isAnonymous });
      this.connections.push(connection);
    });
  }

  #explain(request: IncomingMessage, response: ServerResponse): void {
    this.questions.push(request.headers.authorization);
    if (this.#lastRefusal === undefined) {
      response.writeHead(204).end();
      return;
    }
    const { statusCode, message = 'no', retryAfterSeconds, body } = this.#lastRefusal;
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
    response.writeHead(statusCode);
    response.end(body ?? JSON.stringify({ statusCode, error: STATUS_CODES[statusCode], message }));
  }
}
