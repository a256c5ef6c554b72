import { connect, type Socket } from 'node:net';

/** An HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A frame of the server. */
interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

const closeOpcode = 8;

/** A client that speaks in bytes, so that it can be as wrong as a test needs. */
export class RawClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #gone: Promise<void>;
  #bytes = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => (this.#bytes = Buffer.concat([this.#bytes, chunk])));
    // A reset is an ending like any other.
    socket.on('error', () => socket.destroy());
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static connect(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Settles once the socket is gone. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Stops reading, so that what the server writes piles up on its side. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The next HTTP answer. */
  async answer(): Promise<RawAnswer> {
    return this.#next(takeAnswer);
  }

  /** Upgrades with a good request. */
  async upgrade(path: string, headers: Readonly<Record<string, string>>): Promise<RawAnswer> {
    this.write(upgradeText({ path, headers }));
    const answer = await this.answer();
    if (answer.status !== 101) throw new Error(`Expected 101, got ${String(answer.status)} ${answer.body}`);
    return answer;
  }

  /** The next frame after the upgrade. */
  async frame(): Promise<RawFrame> {
    return this.#next(takeFrame);
  }

  /** The code of the server's close frame; everything before it is passed over. */
  async closeCode(): Promise<number> {
    let frame = await this.frame();
    while (frame.opcode !== closeOpcode) frame = await this.frame();
    return frame.payload.readUInt16BE(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#gone;
  }

  #next<T>(take: (bytes: Buffer) => readonly [T, number] | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = take(this.#bytes);
        if (found === undefined) return;
        stop();
        this.#bytes = this.#bytes.subarray(found[1]);
        resolve(found[0]);
      };
      const fail = (): void => {
        stop();
        reject(new Error(`The server ended after ${JSON.stringify(this.#bytes.toString('latin1', 0, 500))}`));
      };
      const stop = (): void => {
        this.#socket.off('data', look).off('close', fail);
      };
      this.#socket.on('data', look).on('close', fail);
      look();
      if (this.#socket.destroyed) fail();
    });
  }
}

export interface UpgradeText {
  /** @default '/ws' */
  readonly path?: string;
  /** They replace or add; an empty value leaves one out. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default GET of the path in HTTP/1.1 */
  readonly line?: string;
}

/** A good upgrade request, but for what is replaced. */
export function upgradeText({ path = '/ws', headers = {}, line = `GET ${path} HTTP/1.1` }: UpgradeText = {}): string {
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

export interface FrameOptions {
  readonly opcode?: number;
  readonly isFinal?: boolean;
  /** RSV1..3 as bits of the first byte. */
  readonly reservedBits?: number;
  readonly isMasked?: boolean;
}

/** A frame of a client; masked with zeros, which is a valid mask and leaves the payload readable. */
export function frameOf(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { opcode = 1, isFinal = true, reservedBits = 0, isMasked = true } = options;
  const bytes = Buffer.from(payload);
  const first = (isFinal ? 0x80 : 0) | reservedBits | opcode;
  return Buffer.concat([
    Buffer.from([first]),
    lengthOf(bytes.length, isMasked ? 0x80 : 0),
    Buffer.alloc(isMasked ? 4 : 0),
    bytes,
  ]);
}

/** A close frame of a client. */
export function closeFrameOf(code: number, reason: string | Uint8Array = ''): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frameOf(Buffer.concat([payload, Buffer.from(reason)]), { opcode: closeOpcode });
}

/** RFC 6455 §5.2: 7 bits, or 16 or 64 behind a mark. */
function lengthOf(length: number, mask: number): Buffer {
  if (length < 126) return Buffer.from([mask | length]);
  const bytes = Buffer.alloc(length < 65_536 ? 3 : 9);
  bytes[0] = mask | (length < 65_536 ? 126 : 127);
  if (length < 65_536) bytes.writeUInt16BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

function takeAnswer(bytes: Buffer): readonly [RawAnswer, number] | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const start = end + 4;
  const bodyEnd = start + Number(headers.get('content-length') ?? 0);
  if (bytes.length < bodyEnd) return undefined;
  const body = bytes.toString('utf8', start, bodyEnd);
  return [{ status: Number(statusLine.split(' ')[1]), headers, body }, bodyEnd];
}

function takeFrame(bytes: Buffer): readonly [RawFrame, number] | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const start = second < 126 ? 2 : second === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = second < 126 ? second : second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return undefined;
  return [{ opcode: first & 0x0f, payload: bytes.subarray(start, start + length) }, start + length];
}
