import { closeCodes } from '@nest-wsc/protocol';
import type { Connection } from '../../../core/connections/connection.js';
import type { Priority } from '../../../core/messages/message.js';
import type { OutboundClient } from './outbound-client.fixture.js';
import { OutboundLog, type Ending } from './outbound-log.fixture.js';
import type { ConnectionPlan, Script } from './outbound-script.fixture.js';

/** A message on its way to a receiver. */
export interface Sending {
  readonly serial: number;
  readonly text: string;
  readonly lane: Priority;
  /** Of its data; the envelope around it comes on top. */
  readonly byteLength: number;
}

/** What a client closes with by itself. */
const clientCloseCode = 1000;
/** At most so much is around the data of a message. */
const envelopeBytes = 1_000;
/** An outbox writes before the turn ends from here on; if its link refuses then, the rest of the turn may fill so many budgets. */
const earlyFlushBytes = 64 * 1024;
const earlyFlushCount = 256;
const sameTurnFactor = 16;
/** No link refuses so little, even while nothing is read. */
const surelyTakenBytes = 128 * 1024;
/** A link whose client reads may refuse when so much was written to it in a few turns. */
const mayRefuseBytes = 1024 * 1024;

/** A connection with its client, and what the model knows of both. */
export class Receiver {
  readonly log = new OutboundLog();
  readonly rooms = new Set<string>();
  /** Lets the connect callback go on. */
  readonly welcome: () => void;
  readonly plan: ConnectionPlan;
  readonly client: OutboundClient;
  readonly connection: Connection;
  /** What its client did that cuts off what it hears. */
  clientEnd: 'close' | 'end' | 'reset' | undefined;
  readonly #script: Script;
  readonly #faults: string[] = [];
  #serverClose: number | undefined;
  #wasConnectingAtClose = false;
  #isDrained = false;
  #isSlowConsumer = false;
  #wasPaused = false;
  #requestCount = 0;
  #byteCount = 0;
  #largestBytes = 0;
  #queuedBefore = 0;
  /** What surely waits: nothing has left since these were queued. */
  readonly #waiting = { high: 0, normal: 0 };
  #waitingBytes = 0;
  /** What has been queued since its link surely takes nothing. */
  #stall: { count: number; highCount: number; unknownCount: number } | undefined;

  constructor(init: Pick<Receiver, 'plan' | 'client' | 'connection' | 'welcome'> & { readonly script: Script }) {
    this.plan = init.plan;
    this.client = init.client;
    this.connection = init.connection;
    this.welcome = init.welcome;
    this.#script = init.script;
  }

  /** Bytes in its outbox; undefined before `welcome`, when what waits is not there yet. */
  get #queuedBytes(): number | undefined {
    return this.connection.state === 'open' ? this.connection.queuedBytes : undefined;
  }

  get isStalled(): boolean {
    return this.#stall !== undefined;
  }

  pause(): void {
    this.#wasPaused = true;
    this.client.pause();
  }

  resume(): void {
    this.#stall = undefined;
    this.client.resume();
  }

  /** From now on its link takes nothing, and `count` normal messages wait. */
  stalled(count: number): void {
    this.#stall = { count, highCount: 0, unknownCount: 0 };
  }

  sending(): void {
    this.#queuedBefore = this.connection.queuedBytes;
    this.log.sending(this.#queuedBytes);
  }

  /** Something was sent to it. Answers whether it was queued. */
  sent(message: Sending): boolean {
    if (this.connection.isClosed) {
      this.#isSlowConsumer = true;
      if (this.#stall !== undefined && !this.#isOverBudget(message)) this.#faults.push('given up within its budget');
      return false;
    }
    const length = message.byteLength + envelopeBytes;
    this.#byteCount += length;
    this.#largestBytes = Math.max(this.#largestBytes, length);
    this.log.sent(message, this.#queuedBytes);
    this.#countWaiting(message.lane);
    this.#countStalled(message.lane);
    return true;
  }

  requested(serial: number): void {
    this.#requestCount += 1;
    this.log.requested(serial);
  }

  pingWithEnvelope(): void {
    this.client.pingEnvelope();
    this.#requestCount += 1;
    this.log.pingEnvelopeCount += 1;
    if (this.#stall !== undefined) this.#stall.unknownCount += 1;
  }

  answered(serial: number, text: string): void {
    this.log.answered(serial, text);
    if (this.#stall !== undefined) this.#stall.unknownCount += 1;
  }

  /** Its client goes. */
  endAsClient(how: 'close' | 'end' | 'reset'): void {
    this.clientEnd = how;
    if (how === 'close') this.client.close(clientCloseCode);
    else if (how === 'end') this.client.end();
    else this.client.reset();
  }

  /** Its server begins to close it. */
  closing(code: number): void {
    this.#wasConnectingAtClose = this.connection.state === 'connecting';
    this.#serverClose = code;
  }

  /** The hub begins to drain. */
  draining(): void {
    if (this.connection.isClosed) return;
    this.#isDrained = true;
    this.closing(closeCodes.serviceRestart.code);
  }

  /** Looked at after everything that happens. */
  checkBudget(): void {
    const { maxBytes, maxMessages, maxHighMessages } = this.#script;
    const { queuedBytes } = this.connection;
    const stall = this.#stall;
    // One message may be larger than the budget, since it could never be sent otherwise.
    const most = earlyFlushBytes + (sameTurnFactor + 1) * maxBytes + this.#largestBytes;
    if (queuedBytes > most) this.#faults.push(`${queuedBytes} bytes are queued, more than ${most}`);
    const mostMessages = Math.max(earlyFlushCount, (sameTurnFactor + 1) * maxMessages);
    const messages = Math.max(this.#waiting.high, this.#waiting.normal);
    if (messages > mostMessages) this.#faults.push(`${messages} messages are queued, more than ${mostMessages}`);
    if (stall === undefined || this.connection.isClosed) return;
    const isOverCount = stall.count > maxMessages || stall.highCount > maxHighMessages;
    const isOverBytes = queuedBytes > maxBytes && stall.count + stall.unknownCount > 1;
    if (isOverCount || isOverBytes)
      this.#faults.push(
        `${stall.count} messages (${stall.highCount} high) of ${queuedBytes} bytes wait, over the budget`,
      );
  }

  /** A turn is over, in which everything that was sent leaves. */
  turnEnded(): void {
    this.log.turn();
    // Answers and a late welcome come when they come, also after the flush.
    const isPredictable = this.#requestCount === 0 && !this.plan.isHeld && this.clientEnd === undefined;
    const isSurelyTaken = isPredictable && this.#byteCount < surelyTakenBytes;
    if (isSurelyTaken && this.connection.state === 'open' && this.connection.queuedBytes > 0)
      this.#faults.push(`${this.connection.queuedBytes} bytes are still queued after the turn`);
  }

  /** What is wrong with what it heard; to be asked once its client is gone. */
  get faults(): readonly string[] {
    const { fault, heard } = this.client;
    return [...this.#faults, ...(fault === undefined ? [] : [fault]), ...this.log.faults(heard, this.#ending())];
  }

  #ending(): Ending {
    const code = this.client.heard.flatMap((each) => (each.kind === 'close' ? [each.code] : []))[0];
    const slowConsumer = closeCodes.slowConsumer.code;
    const maySlow = this.#wasPaused || this.plan.isHeld || this.#byteCount > mayRefuseBytes;
    const isSlow = this.#isSlowConsumer || (code === slowConsumer && maySlow);
    const isCutShort = this.clientEnd !== undefined || isSlow || this.#wasConnectingAtClose;
    const serverCodes = isSlow ? [slowConsumer] : this.#serverClose === undefined ? [] : [this.#serverClose];
    const isClosedByClient = this.clientEnd === 'close';
    return {
      isComplete: !isCutShort,
      closeCodes: isClosedByClient
        ? [...serverCodes, clientCloseCode]
        : this.clientEnd === undefined
          ? serverCodes
          : [],
      isDrained: this.#isDrained,
    };
  }

  #countWaiting(lane: Priority): void {
    const queuedBytes = this.#queuedBytes ?? 0;
    if (this.#queuedBefore < this.#waitingBytes || queuedBytes <= this.#queuedBefore)
      this.#waiting.high = this.#waiting.normal = 0;
    if (queuedBytes > this.#queuedBefore) this.#waiting[lane] += 1;
    this.#waitingBytes = queuedBytes;
  }

  #countStalled(lane: Priority): void {
    if (this.#stall === undefined) return;
    this.#stall.count += 1;
    if (lane === 'high') this.#stall.highCount += 1;
  }

  /** Whether the message that it was given up for was one too many. */
  #isOverBudget({ lane, byteLength }: Sending): boolean {
    if (this.#stall === undefined) return true;
    const { maxBytes, maxMessages, maxHighMessages } = this.#script;
    const { count, highCount, unknownCount } = this.#stall;
    const isOverBytes = this.#queuedBefore + byteLength + envelopeBytes > maxBytes;
    return (
      count + unknownCount >= maxMessages ||
      (lane === 'high' && highCount + unknownCount >= maxHighMessages) ||
      isOverBytes
    );
  }
}
