import type { IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions, type RawData } from 'ws';

/** One JSON message as it came. */
export type Wire = Readonly<Record<string, unknown>>;

export interface ClosedWith {
  readonly code: number;
  readonly reason: string;
}

export interface OpenOptions {
  /** @default ['wsc.v1.json'] */
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** The address of this machine that it comes from, such as `127.0.0.2`. */
  readonly localAddress?: string;
}

/** A refused upgrade. */
export interface Refused {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Wire;
}

/** A plain `ws` client that keeps what it hears until a test asks for it. `await using` cuts it. */
export class WscClient implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly closed: Promise<ClosedWith>;
  readonly #heard: unknown[] = [];
  readonly #waiting: {
    readonly matches: (message: unknown) => boolean;
    readonly resolve: (message: unknown) => void;
  }[] = [];
  #lastRequest = 0;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on('message', (raw) => this.#take(JSON.parse(textOf(raw))));
    socket.on('error', () => undefined);
  }

  /** Settles once the socket is open; rejects when the upgrade is refused. */
  static async open(url: string, options: OpenOptions = {}): Promise<WscClient> {
    const client = new WscClient(createSocket(url, options));
    await new Promise((resolve, reject) => {
      client.socket.once('open', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  /** Settles once `welcome` has come. */
  static async connect(url: string, options: OpenOptions = {}): Promise<WscClient> {
    const client = await WscClient.open(url, options);
    await client.hear({ type: 'welcome' });
    return client;
  }

  /** Speaks Nest's own form: no subprotocol offered, so `welcome` is the only envelope that it did not ask for. */
  static stock(url: string, options: OpenOptions = {}): Promise<WscClient> {
    return WscClient.connect(url, { ...options, protocols: [] });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends a request and answers its first answer. */
  async request(event: string, data?: unknown): Promise<Wire> {
    const requestId = `r${String(++this.#lastRequest)}`;
    this.send({ type: 'request', event, request_id: requestId, data });
    return this.hear({ request_id: requestId });
  }

  /** The first message, heard already or to come, that has these fields. Each is given once. */
  async hear(fields: Wire): Promise<Wire> {
    const message = await this.hearWhere((candidate) => isRecord(candidate) && hasFields(candidate, fields));
    if (isRecord(message)) return message;
    throw new Error('Expected an object.');
  }

  hearWhere(matches: (message: unknown) => boolean): Promise<unknown> {
    const index = this.#heard.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.#heard.splice(index, 1)[0]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ matches, resolve });
      void this.closed.then(({ code }) =>
        reject(new Error(`Closed with ${String(code)} while waiting; heard ${JSON.stringify(this.#heard)}`)),
      );
    });
  }

  /** What came and was not asked for, up to now. */
  get unheard(): readonly unknown[] {
    return this.#heard;
  }

  async close(): Promise<ClosedWith> {
    this.socket.close();
    return this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  #take(message: unknown): void {
    const index = this.#waiting.findIndex(({ matches }) => matches(message));
    if (index < 0) this.#heard.push(message);
    else this.#waiting.splice(index, 1)[0]?.resolve(message);
  }
}

/** Tries to connect and answers the refusal. */
export function refusal(url: string, options: OpenOptions = {}): Promise<Refused> {
  const socket = createSocket(url, options);
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.terminate();
      reject(new Error('Expected the upgrade to be refused.'));
    });
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: isRecord(body) ? body : {} });
        socket.terminate();
      });
    });
  });
}

function createSocket(
  url: string,
  { protocols = ['wsc.v1.json'], headers = {}, localAddress }: OpenOptions,
): WebSocket {
  const options: ClientOptions = { headers: { ...headers }, ...(localAddress !== undefined && { localAddress }) };
  return new WebSocket(url, [...protocols], options);
}

function textOf(raw: RawData): string {
  if (Array.isArray(raw)) return Buffer.concat(raw).toString();
  return raw instanceof ArrayBuffer ? Buffer.from(raw).toString() : raw.toString();
}

function isRecord(value: unknown): value is Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasFields(message: Wire, fields: Wire): boolean {
  return Object.entries(fields).every(([name, value]) => message[name] === value);
}
