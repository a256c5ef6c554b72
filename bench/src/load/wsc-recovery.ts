import { dialects, type Dialect } from './dialect.js';
import type { RecoveryProtocol, RecoveryStep } from './recovery-protocol.js';
import { signToken } from './token.js';

interface Position {
  readonly offset: number;
  readonly epoch: string;
}

interface RoomAnswer extends Position {
  readonly recovered?: boolean;
}

interface ResumeAnswer {
  readonly resumed: boolean;
  readonly session: string;
  readonly rooms: Readonly<Record<string, RoomAnswer>>;
}

type Envelope =
  | { readonly type: 'welcome'; readonly data: { readonly session: string } }
  | { readonly type: 'response'; readonly request_id: '0001' | '0003'; readonly data: RoomAnswer }
  | { readonly type: 'response'; readonly request_id: '0002'; readonly data: ResumeAnswer }
  | { readonly type: 'error'; readonly error: string };

const base = dialects['wsc.v1.json'];

/** A session belongs to a device, so each client names its own. */
const dialect: Dialect = {
  ...base,
  hasWelcome: false,
  headers: (index) => [
    `Authorization: Bearer ${signToken(`user-${index}`)}`,
    `Sec-WebSocket-Protocol: wsc.v1.json, resume.v1, device.d-${index}`,
  ],
};

/** As PROTOCOL.md §6.4 has it: `resume` with the session and the place in the room; where that is refused, `join_room` with the place. */
export class WscRecovery implements RecoveryProtocol {
  readonly dialect = dialect;
  readonly #room: string;
  #session = '';
  #position: Position | undefined;

  constructor(room: string) {
    this.#room = room;
  }

  hear(text: string): RecoveryStep {
    const envelope: Envelope = JSON.parse(text);
    switch (envelope.type) {
      case 'welcome':
        return this.#greet(envelope.data.session);
      case 'response':
        if (envelope.request_id === '0002') return this.#resumed(envelope.data);
        if (envelope.request_id === '0003') return back(envelope.data);
        this.#position = envelope.data;
        return { kind: 'joined' };
      case 'error':
        return { kind: 'failed', reason: envelope.error };
    }
  }

  note(text: string): void {
    const { offset, epoch }: Position = JSON.parse(text);
    this.#position = { offset, epoch };
  }

  #greet(newSession: string): RecoveryStep {
    const { offset, epoch } = this.#position ?? {};
    const session = this.#session;
    this.#session = newSession;
    if (offset === undefined) return say('join_room', { room: this.#room }, 1);
    return say('resume', { session, rooms: { [this.#room]: { offset, epoch } } }, 2);
  }

  #resumed({ resumed, session, rooms }: ResumeAnswer): RecoveryStep {
    this.#session = session;
    if (resumed) return back(rooms[this.#room]);
    const { offset, epoch } = this.#position ?? {};
    return say('join_room', { room: this.#room, recover: { offset, epoch } }, 3);
  }
}

function say(event: string, data: object, id: number): RecoveryStep {
  return { kind: 'say', text: base.request(event, data, id) };
}

function back(answer: RoomAnswer | undefined): RecoveryStep {
  return { kind: 'back', isRecovered: answer?.recovered === true };
}
