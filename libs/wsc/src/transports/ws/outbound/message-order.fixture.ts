import type { Priority } from '../../../core/messages/message.js';
import type { Heard } from './heard.fixture.js';

/** A message that one connection is to hear. */
export interface Sent {
  readonly serial: number;
  readonly text: string;
  /** Answers keep an order among themselves. */
  readonly lane: Priority | 'answers';
  /** Counts the times at which nothing was queued: what was sent before such a time comes before what was sent after it. */
  readonly epoch: number;
  /** Of an answer: so many normal messages were queued before it. */
  readonly behindNormals: number;
  /** The normal message that was surely still queued when this high one was, and so leaves after it. */
  readonly before: number | undefined;
}

/** What is wrong with the messages that one connection heard: none lost, none twice, none changed, and in the promised order. */
export function faultsOfMessages(
  sent: readonly Sent[],
  heard: readonly Heard[],
  isComplete: boolean,
): readonly string[] {
  const bySerial = new Map(sent.map((message) => [message.serial, message]));
  const strays: string[] = [];
  const received: Sent[] = [];
  for (const each of heard) {
    if (each.kind !== 'message') continue;
    const message = bySerial.get(each.serial);
    if (message === undefined) strays.push(`heard ${each.serial}, which was not sent to it (${brief(each.text)})`);
    else if (message.text !== each.text)
      strays.push(`heard ${each.serial} as ${brief(each.text)}, not ${brief(message.text)}`);
    else received.push(message);
  }
  return [
    ...strays,
    ...(['high', 'normal', 'answers'] as const).flatMap((lane) => faultsOfLane(lane, { sent, received, isComplete })),
    ...faultsBetweenLanes(received),
  ];
}

interface Messages {
  readonly sent: readonly Sent[];
  readonly received: readonly Sent[];
  readonly isComplete: boolean;
}

/** First sent, first heard; who was cut off has heard a beginning without a hole. */
function faultsOfLane(lane: Sent['lane'], { sent, received, isComplete }: Messages): readonly string[] {
  const serialsOf = (messages: readonly Sent[]): readonly number[] =>
    messages.filter((message) => message.lane === lane).map(({ serial }) => serial);
  const [expected, actual] = [serialsOf(sent), serialsOf(received)];
  const due = isComplete ? expected : expected.slice(0, actual.length);
  const differs = due.length !== actual.length || due.some((serial, index) => serial !== actual[index]);
  if (!differs) return [];
  const twice = actual.filter((serial, index) => actual.indexOf(serial) !== index);
  const lost = due.filter((serial) => !actual.includes(serial));
  return [
    `${lane}: heard ${list(actual)} of ${list(expected)}; twice: ${list(twice)}; lost: ${list(lost)}` +
      (twice.length + lost.length === 0 ? '; reordered' : ''),
  ];
}

function faultsBetweenLanes(received: readonly Sent[]): readonly string[] {
  const faults: string[] = [];
  const heardBefore = new Set<number>();
  let latest: Sent | undefined;
  let normalCount = 0;
  for (const message of received) {
    const { serial, lane, epoch, before, behindNormals } = message;
    if (lane === 'answers') {
      if (normalCount < behindNormals) faults.push(`answer ${serial} overtook a message of the normal lane`);
    } else {
      if (latest !== undefined && epoch < latest.epoch)
        faults.push(`${latest.serial} overtook ${serial}, which had left before it was sent`);
      latest = message;
    }
    if (before !== undefined && heardBefore.has(before)) faults.push(`${serial} is high and came after ${before}`);
    if (lane === 'normal') normalCount += 1;
    heardBefore.add(serial);
  }
  return faults;
}

function list(serials: readonly number[]): string {
  return serials.length === 0 ? 'none' : serials.join(' ');
}

function brief(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 120)}…`;
}
