import { dialects, type Dialect } from './dialect.js';
import type { RecoveryProtocol, RecoveryStep, SayStep } from './recovery-protocol.js';
import { signToken } from './token.js';

interface Position {
  readonly offset: number;
  readonly epoch: string;
}

interface RoomAnswer extends Position {
  readonly recovered?: boolean;
}

interface ResumeAnswer {
  readonly session: string;
  readonly rooms: Readonly<Record<string, RoomAnswer>>;
}

type Envelope =
  | { readonly type: 'welcome'; readonly data: { readonly session: string } }
  | { readonly type: 'response'; readonly request_id: '0001' | '0003'; readonly data: RoomAnswer }
  | { readonly type: 'response'; readonly request_id: '0002'; readonly data: ResumeAnswer }
  | {
      readonly type: 'error';
      readonly request_id?: string;
      readonly error: string;
      readonly retry_after_ms?: number;
    };

type Refusal = Extract<Envelope, { readonly type: 'error' }>;

/** Names of PROTOCOL.md §7.2 after which the same may succeed. */
const temporary: readonly string[] = ['WSC_UNAVAILABLE', 'WSC_TIMEOUT', 'WSC_LIMIT_EXCEEDED'];
const rejoinDelayMs = 2000;

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
  readonly mayComeEarly = false;
  readonly #room: string;
  #session = '';
  /** Of the newest connection; counts once that can't be resumed any more. */
  #newSession = '';
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
        return this.#refused(envelope);
    }
  }

  note(text: string): void {
    const { offset, epoch }: Position = JSON.parse(text);
    this.#position = { offset, epoch };
  }

  #greet(newSession: string): RecoveryStep {
    this.#newSession = newSession;
    if (this.#position === undefined) {
      this.#session = newSession;
      return say('join_room', { room: this.#room }, 1);
    }
    const { offset, epoch } = this.#position;
    return say('resume', { session: this.#session, rooms: { [this.#room]: { offset, epoch } } }, 2);
  }

  /** In its place in the room, or an error where it is not there again: then it joins. */
  #resumed({ session, rooms }: ResumeAnswer): RecoveryStep {
    this.#session = session;
    const answer = rooms[this.#room];
    return answer?.recovered === undefined ? this.#rejoin() : back(answer);
  }

  #rejoin(): SayStep {
    const { offset, epoch } = this.#position ?? {};
    return say('join_room', { room: this.#room, recover: { offset, epoch } }, 3);
  }

  /** As our client does: without its session it joins, and tries that again where it is told that it may later. */
  #refused({ request_id: requestId, error, retry_after_ms: afterMs = rejoinDelayMs }: Refusal): RecoveryStep {
    if (requestId === '0002') {
      this.#session = this.#newSession;
      return this.#rejoin();
    }
    if (requestId === '0003' && temporary.includes(error)) return { ...this.#rejoin(), afterMs };
    return { kind: 'failed', reason: error };
  }
}

function say(event: string, data: object, id: number): SayStep {
  return { kind: 'say', text: base.request(event, data, id) };
}

function back({ recovered }: RoomAnswer): RecoveryStep {
  return { kind: 'back', isRecovered: recovered === true };
}
