import { connect, type Socket } from 'node:net';
import type { Dialect } from './dialect.js';
import { clientFrame, FrameReader, opcode, type FrameSink } from './frames.js';

/** All sockets of this process read into one buffer: what they read is looked at before the next one reads. */
const sharedBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** Where a client connects. */
export interface ConnectTarget {
  readonly port: number;
  readonly dialect: Dialect;
  readonly index: number;
  /** Offers permessage-deflate without context take-over. */
  readonly deflate?: boolean;
  /** Called with the 101, before anything that came with it is read: for who wants to hear the welcome too. */
  readonly onOpen?: (connection: LoadConnection) => void;
}

/** A server did not want a client now. */
export class Refusal extends Error {
  /** How long the client is to stay away. */
  readonly retryAfterMs: number;

  /** Of what the server answered instead of a 101. */
  constructor(head: string) {
    super(`The server refused: ${head.slice(0, 200)}`);
    this.retryAfterMs = Number(/^retry-after: *(\d+)/im.exec(head)?.[1] ?? 1) * 1000;
  }
}

/** Who hears the messages of a connection once it is open. */
export type OnMessage = (chunk: Buffer, start: number, end: number) => void;

/**
 * One WebSocket client, made for load: it opens, counts or hands over messages, and answers pings. Node's `onread` gives
 * it the bytes without a stream around them.
 */
export class LoadConnection implements FrameSink {
  wantsWhole = true;
  /** Called for each message. */
  onMessage: OnMessage = () => undefined;
  /** Called after all messages of one read. */
  onRead: () => void = () => undefined;
  /** Called when it has ended, whoever ended it. */
  onClose: () => void = () => undefined;
  isClosed = false;
  readonly #socket: Socket;
  readonly #reader = new FrameReader(this);
  readonly #dialect: Dialect;
  #head = '';
  #isUpgraded = false;
  #introductions: number;
  #opened: () => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;
  #closed: () => void = () => undefined;
  readonly #gone: Promise<void>;

  private constructor(target: ConnectTarget) {
    const { port, dialect } = target;
    this.#dialect = dialect;
    this.#introductions = dialect.introduction === undefined ? 0 : 1;
    this.#gone = new Promise((resolve) => (this.#closed = resolve));
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: sharedBuffer,
        callback: (length) => {
          this.#read(sharedBuffer, length);
          return true;
        },
      },
    });
    this.#socket.on('connect', () => this.#socket.write(upgradeRequest(target)));
    this.#socket.on('error', (error) => this.#failed(error));
    this.#socket.on('close', () => {
      this.isClosed = true;
      this.#failed(new Error('The server closed the connection.'));
      this.#closed();
      this.onClose();
    });
  }

  /** Settles once the server is ready for messages. @throws {Error} where it refuses. */
  static open(target: ConnectTarget): Promise<LoadConnection> {
    return new Promise((resolve, reject) => {
      const connection = new LoadConnection(target);
      connection.#opened = () => {
        target.onOpen?.(connection);
        resolve(connection);
      };
      connection.#failed = reject;
    });
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends a request and answers the data of the next message, which must be its reply. */
  request(event: string, data: unknown): Promise<unknown> {
    this.wantsWhole = true;
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      this.onMessage = (chunk, start, end) => {
        const text = chunk.toString('utf8', start, end);
        try {
          resolve(this.#dialect.parseReply(text));
        } catch {
          reject(new Error(`The server answered ${text.slice(0, 200)}`));
        }
      };
      this.write(clientFrame(this.#dialect.request(event, data, 0)));
    });
  }

  /** Reads nothing more. */
  pause(): void {
    this.#socket.pause();
  }

  /** Says goodbye and settles when the server has hung up. */
  async close(): Promise<void> {
    this.write(clientFrame(Uint8Array.of(0x03, 0xe8), opcode.close));
    await this.#gone;
  }

  terminate(): void {
    this.#socket.destroy();
  }

  /** @internal for the reader */
  // eslint-disable-next-line no-restricted-syntax -- called for each frame: an object would be an allocation that the load pays
  frame(code: number, chunk: Buffer, start: number, end: number): void {
    if (code === opcode.text || code === opcode.binary) this.#message(chunk, start, end);
    else if (code === opcode.ping) this.write(clientFrame(chunk.subarray(start, end), opcode.pong));
    else if (code === opcode.close) this.#socket.end();
  }

  #read(chunk: Buffer, length: number): void {
    if (this.#isUpgraded) {
      this.#reader.read(chunk, length);
      this.onRead();
      return;
    }
    this.#head += chunk.toString('latin1', 0, length);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    if (!this.#head.startsWith('HTTP/1.1 101')) {
      this.#failed(new Refusal(this.#head));
      return;
    }
    this.#isUpgraded = true;
    const rest = Buffer.from(this.#head.slice(end + 4), 'latin1');
    if (this.#dialect.hasWelcome) this.onMessage = () => this.#welcome();
    else this.#opened();
    this.#reader.read(rest, rest.length);
  }

  #welcome(): void {
    if (this.#introductions === 0) {
      this.#opened();
      return;
    }
    this.#introductions -= 1;
    this.write(clientFrame(this.#dialect.introduction ?? ''));
  }

  #message(chunk: Buffer, start: number, end: number): void {
    const answer = end - start < 4 ? this.#dialect.answer?.(chunk.toString('latin1', start, end)) : undefined;
    if (answer === undefined) this.onMessage(chunk, start, end);
    else this.write(clientFrame(answer));
  }
}

function upgradeRequest({ port, dialect, index, deflate = false }: ConnectTarget): string {
  return [
    `GET ${dialect.path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(deflate
      ? ['Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover']
      : []),
    ...dialect.headers(index),
    '\r\n',
  ].join('\r\n');
}
