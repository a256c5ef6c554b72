import { STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** An HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** What follows it. */
  readonly rest: Buffer;
}

/** A frame of the server. */
export interface RawFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isCompressed: boolean;
  readonly payload: Buffer;
}

/** A client that speaks in bytes, so that it can be as wrong as a test needs. */
export class RawClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  /** Whether the server cut it, instead of ending it. */
  wasReset = false;
  #bytes = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => (this.#bytes = Buffer.concat([this.#bytes, chunk])));
    // A reset is an ending too; tests wait for `closed`.
    socket.on('error', () => {
      this.wasReset = true;
      socket.destroy();
    });
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static connect(port: number): Promise<RawClient> {
    return RawClient.#opened(connect({ port, host: '127.0.0.1', allowHalfOpen: true }), 'connect');
  }

  /** The same over TLS. */
  static connectTls(port: number, options: ConnectionOptions): Promise<RawClient> {
    return RawClient.#opened(connectTls({ port, host: '127.0.0.1', ...options }), 'secureConnect');
  }

  static #opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once(event, () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Settles once the socket is gone. A server that only ends its side leaves it open until {@link end}. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Settles once the server has ended its side. */
  get ended(): Promise<void> {
    if (this.#socket.readableEnded || this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once('end', resolve);
      this.#socket.once('close', () => resolve());
    });
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Ends the client's own side and goes on reading. */
  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Stops reading, so that the server's writes fill up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async answer(): Promise<RawAnswer> {
    return this.#until(takeAnswer);
  }

  /** The next answer, so that another may follow it. */
  async takeAnswer(): Promise<RawAnswer> {
    const answer = await this.answer();
    this.#bytes = Buffer.from(answer.rest);
    return answer;
  }

  /** Upgrades with a good request. */
  async open(path = '/ws', headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
    this.write(upgradeText(path, headers));
    const answer = await this.takeAnswer();
    if (answer.status !== 101) throw new Error(`Expected 101, got ${String(answer.status)} ${answer.body}`);
    return answer;
  }

  /** The next frame after the upgrade. */
  async frame(): Promise<RawFrame> {
    const { frame, rest } = await this.#until(takeFrame);
    this.#bytes = Buffer.from(rest);
    return frame;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    return this.#closed;
  }

  #until<T>(take: (bytes: Buffer) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = take(this.#bytes);
        if (found === undefined) return;
        stop();
        resolve(found);
      };
      const fail = (): void => {
        stop();
        reject(new Error(`The server ended after ${JSON.stringify(this.#bytes.toString('latin1'))}`));
      };
      const stop = (): void => {
        this.#socket.off('data', look).off('end', fail).off('close', fail);
      };
      this.#socket.on('data', look).on('end', fail).on('close', fail);
      look();
      if (this.#socket.readableEnded || this.#socket.destroyed) fail();
    });
  }
}

/** Every refusal is a whole HTTP answer with the JSON body of PROTOCOL.md §1. */
export function expectRefusal(answer: RawAnswer, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('connection')).toBe('close');
  const body: unknown = JSON.parse(answer.body);
  expect(body).toHaveProperty('statusCode', status);
  expect(body).toHaveProperty('error', STATUS_CODES[status]);
  expect(body).toHaveProperty('message');
}

/** A good upgrade request; `headers` replace or add, an empty value leaves one out. */
export function upgradeText(
  path = '/ws',
  headers: Readonly<Record<string, string>> = {},
  line = `GET ${path} HTTP/1.1`,
): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]));
  return `${[line, ...lines].join('\r\n')}\r\n\r\n`;
}

export interface ClientFrameOptions {
  readonly opcode?: number;
  readonly isFinal?: boolean;
  /** RSV1..3 as bits of the first byte. */
  readonly reservedBits?: number;
  readonly isMasked?: boolean;
}

/** A frame of a client; masked with zeros, which is a valid mask and leaves the payload readable. */
export function clientFrame(payload: string | Uint8Array, options: ClientFrameOptions = {}): Buffer {
  const { opcode = 1, isFinal = true, reservedBits = 0, isMasked = true } = options;
  const bytes = Buffer.from(payload);
  const mask = isMasked ? 0x80 : 0;
  const first = (isFinal ? 0x80 : 0) | reservedBits | opcode;
  const length = Buffer.alloc(bytes.length < 126 ? 1 : bytes.length < 65_536 ? 3 : 9);
  if (length.length === 1) length[0] = mask | bytes.length;
  else if (length.length === 3) length.writeUInt16BE(bytes.length, 1);
  else length.writeBigUInt64BE(BigInt(bytes.length), 1);
  if (length.length > 1) length[0] = mask | (length.length === 3 ? 126 : 127);
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(isMasked ? 4 : 0), bytes]);
}

/** A close frame of a client. */
export function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return clientFrame(Buffer.concat([payload, Buffer.from(reason)]), { opcode: 8 });
}

function takeAnswer(bytes: Buffer): RawAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const length = Number(headers.get('content-length') ?? 0);
  const start = end + 4;
  if (bytes.length < start + length) return undefined;
  const body = bytes.toString('utf8', start, start + length);
  return { status: Number(statusLine.split(' ')[1]), headers, body, rest: bytes.subarray(start + length) };
}

/** The first frame of `bytes`; undefined while it is not whole. */
export function takeFrame(bytes: Buffer): { readonly frame: RawFrame; readonly rest: Buffer } | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const start = second < 126 ? 2 : second === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = second < 126 ? second : second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return undefined;
  const payload = bytes.subarray(start, start + length);
  const frame = { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, isCompressed: (first & 0x40) !== 0, payload };
  return { frame, rest: bytes.subarray(start + length) };
}
