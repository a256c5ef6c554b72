import { WscError } from '@nest-wsc/protocol';
import type { MessageInput, SendResult } from '../../../core/messages/message.js';
import type { SendOptions } from '../../../core/messages/send-options.js';
import { answerText, messageEvent, messageText, rawPayload, rawText, requestPrefixes } from './heard.fixture.js';
import type { FatedData } from './interception.fixture.js';
import type { Receiver } from './outbound-receiver.fixture.js';
import type { RequestOperation, SendOperation } from './outbound-script.fixture.js';
import type { OutboundStage } from './outbound-stage.fixture.js';

type Results = Promise<SendResult | readonly SendResult[]>;

/** Sends what a script says and writes down who is to hear it. */
export class OutboundSends {
  readonly #stage: OutboundStage;
  readonly #faults: string[] = [];
  readonly #counted: Promise<void>[] = [];
  #lastSerial = 0;

  constructor(stage: OutboundStage) {
    this.#stage = stage;
  }

  /** What was wrong with the results of all sends. */
  async faults(): Promise<readonly string[]> {
    await Promise.all(this.#counted);
    return this.#faults;
  }

  send(operation: SendOperation, who: Receiver): void {
    for (let count = 0; count < operation.count; count += 1) {
      if (operation.to === 'raw') this.sendRaw(who, operation.byteLength + 20);
      else if (operation.to === 'reply') this.#reply(operation, who);
      else this.#sendMessage(operation, who);
    }
  }

  /** Sends one normal message to `receiver` and answers its serial number. */
  sendTo(receiver: Receiver, lane: SendOperation['lane']): number {
    const plain = { kind: 'send', who: 0, byteLength: 0, fate: 'pass', asksForAck: false, count: 1 } as const;
    this.send({ ...plain, to: 'own', lane }, receiver);
    return this.#lastSerial;
  }

  sendRaw(receiver: Receiver, byteLength: number): void {
    const serial = ++this.#lastSerial;
    const mayBeQueued = !receiver.connection.isClosed;
    receiver.sending();
    const isQueued = receiver.connection.sendRaw(rawPayload(serial, byteLength));
    const sending = { serial, text: rawText(byteLength), lane: 'normal', byteLength } as const;
    const shouldBeQueued = mayBeQueued && receiver.sent(sending);
    if (isQueued !== shouldBeQueued) this.#faults.push(`raw ${serial}: queued is ${isQueued}, not ${shouldBeQueued}`);
  }

  /** A client asks; what is answered is written down by the handler. */
  request({ byteLength, fate, isSlow }: RequestOperation, who: Receiver): void {
    const data = this.#data({ byteLength, fate, isSlow });
    who.requested(data.serial);
    who.client.request(data.serial, data);
  }

  #sendMessage(operation: SendOperation, who: Receiver): void {
    const { to, lane, byteLength } = operation;
    const data = this.#data({ ...operation, isSlow: false });
    const passed = this.#stage.interception.passed(data);
    const receivers = passed === undefined ? [] : this.#stage.receivers.filter((each) => isAddressed(to, who, each));
    const reachable = receivers.filter(({ connection }) => !connection.isClosed);
    for (const receiver of reachable) receiver.sending();
    const results = this.#call(operation, who, { event: messageEvent, data, priority: lane });
    let [queued, dropped] = [0, 0];
    for (const receiver of reachable) {
      const asksForAck = to === 'own' && operation.asksForAck && receiver.plan.dialect === 'wsc.v1.json';
      const text = messageText({ data: passed, room: roomOf(to), asksForAck });
      if (receiver.sent({ serial: data.serial, text, lane, byteLength })) queued += 1;
      else dropped += 1;
    }
    if (results !== undefined) this.#counted.push(this.#compare(results, { serial: data.serial, queued, dropped }));
  }

  #call({ to, asksForAck, lane }: SendOperation, who: Receiver, message: MessageInput): Results | undefined {
    const { hub } = this.#stage;
    const { connection, plan } = who;
    const options: SendOptions = to.endsWith('but who') ? { exceptConnectionId: connection.id } : {};
    switch (to) {
      case 'room a':
      case 'room a but who':
        return hub.sendToRoom('a', message, options);
      case 'room b':
        return hub.sendToRoom('b', message);
      case 'user':
        return hub.sendToUser(plan.userId, message);
      case 'users':
        return hub.sendToUsers(['ann', 'bob'], message);
      case 'everyone':
      case 'all but who':
        return hub.broadcast(message, options);
      case 'where':
        return hub.sendWhereHere(({ protocol }) => protocol === plan.dialect, message);
      case 'connection':
        return hub.sendToConnection(connection.id, message);
      default:
        connection.send(message.event, message.data, { priority: lane, ack: asksForAck });
        return undefined;
    }
  }

  /** An answer that a handler sends itself, which an interceptor may refuse it. */
  #reply(operation: SendOperation, who: Receiver): void {
    const { byteLength } = operation;
    const data = this.#data({ ...operation, isSlow: false });
    const passed = this.#stage.interception.passed(data);
    const mayBeQueued = !who.connection.isClosed && passed !== undefined;
    who.sending();
    let refusal: unknown;
    try {
      who.connection.reply(`${requestPrefixes.reply}${data.serial}`, data);
    } catch (error) {
      refusal = error instanceof WscError ? error.error : error;
    }
    const expected = passed === undefined ? 'WSC_FORBIDDEN' : undefined;
    if (refusal !== expected) this.#faults.push(`reply ${data.serial}: refused with ${String(refusal)}`);
    if (mayBeQueued) who.sent({ serial: data.serial, text: answerText(passed), lane: 'normal', byteLength });
  }

  #data({ byteLength, fate, isSlow }: Pick<RequestOperation, 'byteLength' | 'fate' | 'isSlow'>): FatedData {
    const serial = ++this.#lastSerial;
    // Every other one is more than ASCII, of one to four bytes a character.
    const word = serial % 2 === 0 ? 'text ' : 'tëxt 😀 ';
    return { serial, fate, isSlow, text: word.repeat(byteLength / Buffer.byteLength(word)) };
  }

  async #compare(
    results: Results,
    expected: { readonly serial: number; readonly queued: number; readonly dropped: number },
  ) {
    const all = [await results].flat();
    const sum = (name: 'queued' | 'dropped'): number => all.reduce((total, result) => total + result[name], 0);
    const actual = { serial: expected.serial, queued: sum('queued'), dropped: sum('dropped') };
    if (JSON.stringify(actual) !== JSON.stringify(expected))
      this.#faults.push(`result ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
  }
}

function isAddressed(to: SendOperation['to'], who: Receiver, receiver: Receiver): boolean {
  switch (to) {
    case 'room a':
      return receiver.rooms.has('a');
    case 'room b':
      return receiver.rooms.has('b');
    case 'room a but who':
      return receiver.rooms.has('a') && receiver !== who;
    case 'user':
      return receiver.plan.userId === who.plan.userId;
    case 'users':
    case 'everyone':
      return true;
    case 'all but who':
      return receiver !== who;
    case 'where':
      return receiver.plan.dialect === who.plan.dialect;
    default:
      return receiver === who;
  }
}

function roomOf(to: SendOperation['to']): string | undefined {
  if (to === 'room a' || to === 'room a but who') return 'a';
  return to === 'room b' ? 'b' : undefined;
}
