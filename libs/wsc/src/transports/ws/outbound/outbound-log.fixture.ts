import type { Priority } from '../../../core/messages/message.js';
import type { Heard } from './heard.fixture.js';
import { faultsOfMessages, type Sent } from './message-order.fixture.js';

/** How a connection has ended, as its server and its client know it. */
export interface Ending {
  /** Nothing may be missing: its client has read to the end, and nobody has cut it short. */
  readonly isComplete: boolean;
  /** The close codes of which one must come; empty: there need not be one. */
  readonly closeCodes: readonly number[];
  /** Whether `goodbye` was said. */
  readonly isDrained: boolean;
}

/**
 * What one connection is to hear, by the rules of PROTOCOL.md §3.4 and nothing of how the outbox keeps them: a list of what was
 * sent, written as it is sent, to which what was heard is compared at the end.
 */
export class OutboundLog {
  readonly #sent: Sent[] = [];
  readonly #pings: string[] = [];
  /** Requests that a server which goes away may refuse instead of answering. */
  readonly #requests = new Set<number>();
  /** Normal messages of this turn of which none can have left since. */
  #queuedNormals: number[] = [];
  #queuedBytes = 0;
  #epoch = 0;
  #normalCount = 0;
  pingEnvelopeCount = 0;

  /** A turn is over: nobody knows what has left. */
  turn(): void {
    this.#queuedNormals = [];
  }

  /** Something is about to be sent to it. @param queuedBytes of its outbox; undefined before `welcome`, when that says nothing. */
  sending(queuedBytes: number | undefined): void {
    if (queuedBytes === 0) this.#epoch += 1;
    if (queuedBytes === undefined || queuedBytes < this.#queuedBytes) this.#queuedNormals = [];
    this.#queuedBytes = queuedBytes ?? 0;
  }

  /** It was queued. @param queuedBytes as above, now */
  sent(message: Pick<Sent, 'serial' | 'text'> & { readonly lane: Priority }, queuedBytes: number | undefined): void {
    const isQueued = queuedBytes !== undefined && queuedBytes > this.#queuedBytes;
    if (!isQueued) this.#queuedNormals = [];
    const before = message.lane === 'high' ? this.#queuedNormals[0] : undefined;
    this.#sent.push({ ...message, epoch: this.#epoch, behindNormals: 0, before });
    if (message.lane === 'normal') this.#normalCount += 1;
    if (message.lane === 'normal' && isQueued) this.#queuedNormals.push(message.serial);
    this.#queuedBytes = queuedBytes ?? 0;
  }

  /** Its client has asked. */
  requested(serial: number): void {
    this.#requests.add(serial);
  }

  /** A handler has finished. */
  answered(serial: number, text: string): void {
    const { epoch, behindNormals } = { epoch: this.#epoch, behindNormals: this.#normalCount };
    this.#sent.push({ serial, text, lane: 'answers', epoch, behindNormals, before: undefined });
  }

  /** Its client has sent a ping of RFC 6455. */
  pinged(payload: string): void {
    this.#pings.push(payload);
  }

  /** Whether every request was answered. */
  get isAnswered(): boolean {
    return this.#sent.filter(({ lane }) => lane === 'answers').length === this.#requests.size;
  }

  /** What is wrong with what was heard, in words; empty: nothing. */
  faults(heard: readonly Heard[], ending: Ending): readonly string[] {
    return [
      ...this.#faultsOfBeginning(heard, ending),
      ...faultsOfMessages(this.#sent, this.#withoutRefusals(heard, ending), ending.isComplete),
      ...faultsOfPongs(this.#pings, heard),
      ...this.#faultsOfCounts(heard, ending),
      ...faultsOfClose(heard, ending),
    ];
  }

  #faultsOfBeginning(heard: readonly Heard[], { isComplete }: Ending): readonly string[] {
    const envelopes = heard.filter(({ kind }) => kind !== 'pong' && kind !== 'close');
    const first = envelopes[0];
    if (first === undefined) return isComplete ? ['welcome did not come'] : [];
    const count = envelopes.filter(({ kind }) => kind === 'welcome').length;
    return first.kind === 'welcome' && count === 1 ? [] : [`welcome came ${count} times, and ${first.kind} first`];
  }

  /** A request that was not read before the drain may be refused, once. */
  #withoutRefusals(heard: readonly Heard[], { isDrained }: Ending): readonly Heard[] {
    const refused = new Set<number>();
    return heard.filter((each) => {
      if (!isDrained || each.kind !== 'message' || each.text !== 'error: WSC_UNAVAILABLE') return true;
      if (!this.#requests.has(each.serial) || refused.has(each.serial)) return true;
      refused.add(each.serial);
      return false;
    });
  }

  #faultsOfCounts(heard: readonly Heard[], { isComplete, isDrained }: Ending): readonly string[] {
    const count = (kind: Heard['kind']): number => heard.filter((each) => each.kind === kind).length;
    const [goodbyes, pongs] = [count('goodbye'), count('pong envelope')];
    const mostGoodbyes = isDrained ? 1 : 0;
    const faults: string[] = [];
    if (goodbyes > mostGoodbyes || (isComplete && goodbyes < mostGoodbyes))
      faults.push(`goodbye came ${goodbyes} times`);
    // The last ping envelopes may not have been read before the close.
    if (pongs > this.pingEnvelopeCount) faults.push(`${pongs} pong envelopes answer ${this.pingEnvelopeCount} pings`);
    return faults;
  }
}

/** One pong may answer several pings, by the newest (RFC 6455 §5.5.3); none may come twice or for an older one. */
function faultsOfPongs(pings: readonly string[], heard: readonly Heard[]): readonly string[] {
  const pongs = heard.flatMap((each) => (each.kind === 'pong' ? [each.payload] : []));
  let next = 0;
  for (const pong of pongs) {
    const answered = pings.indexOf(pong, next);
    if (answered < 0) return [`pongs ${pongs.join(' ')} do not answer pings ${pings.join(' ')}`];
    next = answered + 1;
  }
  return [];
}

function faultsOfClose(heard: readonly Heard[], { closeCodes }: Ending): readonly string[] {
  const codes = heard.flatMap((each) => (each.kind === 'close' ? [each.code] : []));
  const faults: string[] = [];
  if (codes.length > 0 && heard.at(-1)?.kind !== 'close') faults.push('something follows the close');
  if (closeCodes.length > 0 && (codes.length !== 1 || !closeCodes.includes(codes[0] ?? 0)))
    faults.push(`closed with ${codes.join(' ')} instead of ${closeCodes.join(' or ')}`);
  return faults;
}
