import { dialects, type Dialect } from './dialect.js';
import type { RecoveryProtocol, RecoveryStep } from './recovery-protocol.js';

const base = dialects['socket.io'];
const dialect: Dialect = { ...base, hasWelcome: false };

/** Packets of Engine.IO and Socket.IO: 0 opens, 4 0 is a CONNECT and its answer, 4 3 the answer to a request. */
const packet = { open: '0', connect: '40', answer: '43' } as const;

interface Connected {
  /** Secret; absent where nothing is recovered. */
  readonly pid?: string;
}

/** Socket.IO's connection state recovery: the CONNECT packet has the secret of the session and the offset of the last message. */
export class SocketIoRecovery implements RecoveryProtocol {
  readonly dialect = dialect;
  readonly mayComeEarly = true;
  readonly #room: string;
  #pid: string | undefined;
  #offset: string | undefined;

  constructor(room: string) {
    this.#room = room;
  }

  hear(text: string): RecoveryStep {
    if (text.startsWith(packet.connect)) return this.#connected(text.slice(packet.connect.length));
    if (text.startsWith(packet.answer)) return { kind: 'joined' };
    if (text.startsWith(packet.open)) return { kind: 'say', text: `${packet.connect}${this.#auth()}` };
    return { kind: 'failed', reason: text.slice(0, 200) };
  }

  /** The offset is what the adapter adds behind the data. */
  note(text: string): void {
    const elements: readonly string[] = JSON.parse(text.slice(text.indexOf('[')));
    this.#offset = elements.at(-1);
  }

  #auth(): string {
    return this.#pid === undefined ? '' : JSON.stringify({ pid: this.#pid, offset: this.#offset });
  }

  #connected(text: string): RecoveryStep {
    const { pid }: Connected = JSON.parse(text);
    const before = this.#pid;
    this.#pid = pid;
    if (before === undefined) return { kind: 'say', text: base.request('join', this.#room, 1) };
    return { kind: 'back', isRecovered: pid === before };
  }
}
