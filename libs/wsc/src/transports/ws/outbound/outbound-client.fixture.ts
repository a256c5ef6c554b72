import { connect, type Socket } from 'node:net';
import { clientFrame, closeFrame, upgradeText } from '../raw-client.fixture.js';
import { FrameReader, serverOpcodes } from './frame-reader.fixture.js';
import { hear, requestEvent, requestPrefixes, type Dialect, type Heard } from './heard.fixture.js';

/** Who connects, and how. */
export interface ClientOptions {
  readonly port: number;
  readonly userId: string;
  readonly deviceId: string;
  readonly dialect: Dialect;
  readonly mayCompress: boolean;
}

const patienceMs = 5_000;
const headEnd = '\r\n\r\n';

/** A client of bare TCP: keeps all that it hears, answers a close frame, and does otherwise what it is told. */
export class OutboundClient {
  readonly heard: Heard[] = [];
  readonly #socket: Socket;
  readonly #dialect: Dialect;
  readonly #reader: FrameReader;
  readonly #gone: Promise<void>;
  #head: string | undefined = '';
  #fault: string | undefined;
  #wasReset = false;
  #hasSentClose = false;
  #look: (() => void) | undefined;

  private constructor(socket: Socket, { dialect, mayCompress }: ClientOptions) {
    this.#socket = socket;
    this.#dialect = dialect;
    this.#reader = new FrameReader({ mayCompress });
    socket.on('data', (chunk) => this.#guarded(() => this.#read(chunk)));
    socket.on('end', () => this.#guarded(() => this.#reader.end()));
    socket.on('error', (error) => {
      if (!this.#wasReset) this.#fault ??= `the server cut the connection: ${error.message}`;
    });
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** Settles once the socket is open and the upgrade is asked for. */
  static connect(options: ClientOptions): Promise<OutboundClient> {
    const { port, userId, deviceId, dialect, mayCompress } = options;
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.write(
          upgradeText('/ws', {
            Authorization: `Bearer ${userId}`,
            'Sec-WebSocket-Protocol': `${dialect}, device.${deviceId}`,
            'Sec-WebSocket-Extensions': mayCompress ? 'permessage-deflate' : '',
          }),
        );
        resolve(new OutboundClient(socket, options));
      });
    });
  }

  /** What the server did that no server may do; undefined: nothing. */
  get fault(): string | undefined {
    return this.#fault;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Pings of RFC 6455, all in one write. */
  ping(payloads: readonly string[]): void {
    this.#write(Buffer.concat(payloads.map((payload) => clientFrame(payload, { opcode: serverOpcodes.ping }))));
  }

  /** The envelope for clients that have no such ping. */
  pingEnvelope(): void {
    this.#write(clientFrame('{"type":"ping"}'));
  }

  request(serial: number, data: unknown): void {
    const id = `${requestPrefixes.request}${serial}`;
    const wire =
      this.#dialect === 'wsc.v1.json'
        ? { type: 'request', event: requestEvent, request_id: id, data }
        : { type: requestEvent, id, content: data };
    this.#write(clientFrame(JSON.stringify(wire)));
  }

  close(code: number): void {
    if (this.#hasSentClose) return;
    this.#hasSentClose = true;
    this.#write(closeFrame(code));
  }

  /** Ends its side without a close frame and goes on reading. */
  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#wasReset = true;
    this.#socket.resetAndDestroy();
  }

  /** Settles once `what` was heard. @throws {Error} where the connection ends before, or it takes too long. */
  hears(what: (heard: Heard) => boolean): Promise<void> {
    return this.#patiently(
      new Promise((resolve, reject) => {
        this.#look = () => {
          if (this.heard.some(what)) resolve();
        };
        this.#look();
        void this.#gone.then(() => reject(new Error(this.#fault ?? 'the connection ended before what was waited for')));
      }),
    );
  }

  /** Settles once the socket is gone. @throws {Error} where it takes too long. */
  get gone(): Promise<void> {
    return this.#patiently(this.#gone);
  }

  destroy(): void {
    this.#wasReset = true;
    this.#socket.destroy();
  }

  #write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  #read(chunk: Buffer): void {
    const bytes = this.#head === undefined ? chunk : this.#readHead(this.#head + chunk.toString('latin1'));
    for (const frame of bytes === undefined ? [] : this.#reader.read(bytes)) {
      const heard = hear(frame, this.#dialect);
      this.heard.push(heard);
      if (heard.kind === 'close') this.close(heard.code);
    }
    this.#look?.();
  }

  /** Answers what follows the head; undefined while that is not whole. */
  #readHead(head: string): Buffer | undefined {
    const end = head.indexOf(headEnd);
    this.#head = end < 0 ? head : undefined;
    if (end >= 0 && !head.startsWith('HTTP/1.1 101 ')) throw new Error(`the upgrade was refused: ${head}`);
    return end < 0 ? undefined : Buffer.from(head.slice(end + headEnd.length), 'latin1');
  }

  /** The first fault ends the reading: what follows it has no meaning. */
  #guarded(read: () => void): void {
    if (this.#fault !== undefined) return;
    try {
      read();
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
      this.destroy();
    }
  }

  async #patiently(waiting: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const impatience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`nothing more came after ${this.heard.length} frames`)), patienceMs);
    });
    try {
      await Promise.race([waiting, impatience]);
    } finally {
      clearTimeout(timer);
    }
  }
}
