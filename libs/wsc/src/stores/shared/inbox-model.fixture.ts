import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import type { Inbox } from '../../core/ports/inbox.js';
import { testMessage } from '../../testing/contracts/test-message.js';

/** How many messages the inboxes under test keep per user. */
export const modelMaxMessages = 4;

/** How long a message lives that dies when {@link InboxUnderTest.pass} says so. */
export const dyingMs = 60_000;

/** The inbox of one user, seen from two nodes. */
export interface InboxUnderTest {
  readonly userId: string;
  readonly nodes: readonly [Inbox, Inbox];
  /** Lets so much time pass that these messages, which were stored for {@link dyingMs}, have died. */
  pass(ids: readonly string[]): Promise<void>;
}

interface ModelMessage {
  readonly id: string;
  readonly offset: number;
  readonly isDying: boolean;
  readonly acknowledgedBy: Set<string>;
}

/** What an inbox should be, as simply as it can be said. */
export class InboxModel {
  top = 0;
  /** Of what was stored, in order. */
  readonly storedIds: string[] = [];
  kept: ModelMessage[] = [];
  readonly done = new Map<string, number>();
  readonly dead = new Set<string>();
  readonly devices = new Set<string>();

  store(id: string, isDying: boolean): { readonly status: string; readonly offset: number } {
    const known = this.kept.find((message) => message.id === id)?.offset ?? this.done.get(id);
    if (known !== undefined) return { status: 'repeated', offset: known };
    if (this.kept.length === modelMaxMessages) return { status: 'full', offset: 0 };
    this.top += 1;
    this.storedIds.push(id);
    this.dead.delete(id);
    this.kept.push({ id, offset: this.top, isDying, acknowledgedBy: new Set() });
    return { status: 'stored', offset: this.top };
  }

  see(device: string): void {
    if (this.devices.has(device)) return;
    this.devices.add(device);
    for (const { acknowledgedBy } of this.kept) if (acknowledgedBy.size > 0) acknowledgedBy.add(device);
  }

  waiting(device: string): readonly ModelMessage[] {
    return this.kept.filter(({ acknowledgedBy }) => !acknowledgedBy.has(device));
  }

  acknowledge(device: string, messages: readonly ModelMessage[]): void {
    for (const { acknowledgedBy } of messages) acknowledgedBy.add(device);
    const isDone = ({ acknowledgedBy }: ModelMessage): boolean =>
      acknowledgedBy.size > 0 && [...this.devices].every((each) => acknowledgedBy.has(each));
    for (const { id, offset } of this.kept.filter(isDone)) this.done.set(id, offset);
    this.kept = this.kept.filter((message) => !isDone(message));
  }

  pass(): readonly string[] {
    const ids = this.kept.filter(({ isDying }) => isDying).map(({ id }) => id);
    this.kept = this.kept.filter(({ isDying }) => !isDying);
    for (const id of ids) this.dead.add(id);
    return ids;
  }
}

type InboxCommand = fc.AsyncCommand<InboxModel, InboxUnderTest>;
type Run = (model: InboxModel, real: InboxUnderTest) => Promise<void>;

const everything = { maxMessages: 100, maxBytes: 1_000_000 };
const node = fc.constantFrom(0, 1);
const device = fc.constantFrom('phone', 'tablet', 'watch');
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const offset = fc.nat({ max: 10 });

/** What programs and devices do with an inbox, in any order. Each checks what it is answered against the model. */
export const inboxCommands = fc.commands<InboxModel, InboxUnderTest, false>(
  [
    fc.record({ node, id, isDying: fc.boolean() }).map((input) => command('store', input, storing(input))),
    fc
      .record({ node, device, offset, max: fc.integer({ min: 1, max: 5 }) })
      .map((input) => command('read', input, reading(input))),
    fc
      .record({ node, device, ids: fc.array(id, { maxLength: 4 }) })
      .map((input) => command('acknowledge', input, acknowledging(input))),
    fc
      .record({ node, device, offset, isOtherEpoch: fc.boolean() })
      .map((input) => command('acknowledge up to', input, acknowledgingUpTo(input))),
    fc.record({ node, id }).map((input) => command('take', input, taking(input))),
    fc.constant(command('pass', {}, passing())),
    fc.constant(command('look', {}, looking())),
  ],
  { size: 'medium', maxCommands: 40 },
);

function command(name: string, input: object, run: Run): InboxCommand {
  return { check: () => true, run, toString: () => `${name} ${JSON.stringify(input)}` };
}

function storing(input: { readonly node: number; readonly id: string; readonly isDying: boolean }): Run {
  return async (model, { nodes, userId }) => {
    const expected = model.store(input.id, input.isDying);
    const write = { message: testMessage(input.id), ...(input.isDying && { timeToLiveMs: dyingMs }) };
    const store = async (): Promise<unknown> => {
      const { status, position } = await nodeOf(nodes, input.node).store(userId, write);
      return { status, offset: position.offset };
    };
    await expectEqual(
      store().catch(() => ({ status: 'full', offset: 0 })),
      expected,
    );
  };
}

interface ReadInput {
  readonly node: number;
  readonly device: string;
  readonly offset: number;
  readonly max: number;
}

function reading(input: ReadInput): Run {
  return async (model, { nodes, userId }) => {
    model.see(input.device);
    const waiting = model.waiting(input.device).filter((message) => message.offset > input.offset);
    const inbox = nodeOf(nodes, input.node);
    const limit = { ...everything, maxMessages: input.max };
    const { entries } = await inbox.unacknowledged(userId, input.device, { afterOffset: input.offset, ...limit });
    await expectEqual(
      entries.map((entry) => [entry.message.id, entry.offset]),
      waiting.slice(0, input.max).map((message) => [message.id, message.offset]),
    );
  };
}

function acknowledging(input: {
  readonly node: number;
  readonly device: string;
  readonly ids: readonly string[];
}): Run {
  return async (model, { nodes, userId }) => {
    model.see(input.device);
    const waiting = model.waiting(input.device).filter((message) => input.ids.includes(message.id));
    model.acknowledge(input.device, waiting);
    const waitingIds = new Set(waiting.map(({ id }) => id));
    await expectEqual(
      nodeOf(nodes, input.node).acknowledge(userId, input.device, input.ids),
      [...new Set(input.ids)].filter((id) => waitingIds.has(id)),
    );
  };
}

interface UpToInput {
  readonly node: number;
  readonly device: string;
  readonly offset: number;
  readonly isOtherEpoch: boolean;
}

function acknowledgingUpTo(input: UpToInput): Run {
  return async (model, { nodes, userId }) => {
    const inbox = nodeOf(nodes, input.node);
    model.see(input.device);
    const { epoch } = await inbox.unacknowledged(userId, input.device, { afterOffset: 0, ...everything });
    const isPosition = !input.isOtherEpoch && input.offset <= model.top;
    if (isPosition) {
      const upTo = model.waiting(input.device).filter((message) => message.offset <= input.offset);
      model.acknowledge(input.device, upTo);
    }
    const position = { offset: input.offset, epoch: input.isOtherEpoch ? 'other' : epoch };
    await expectEqual(inbox.acknowledgeUpTo(userId, input.device, position), isPosition);
  };
}

function taking(input: { readonly node: number; readonly id: string }): Run {
  return async (model, { nodes, userId }) => {
    const expected = model.dead.delete(input.id) ? input.id : undefined;
    const letter = await nodeOf(nodes, input.node).takeDeadLetter(userId, input.id);
    await expectEqual(letter?.message.id, expected);
  };
}

/** Looks at nothing: whatever comes next has to find out that time has passed. */
function passing(): Run {
  return (model, real) => real.pass(model.pass());
}

function looking(): Run {
  return async (model, { nodes: [here, there], userId }) => {
    await expectEqual(here.size(userId), { messages: model.kept.length, deadLetters: model.dead.size });
    const letters = await there.deadLetters(userId);
    await expectEqual(letters.map(({ message }) => message.id).sort(), [...model.dead].sort());
  };
}

function nodeOf(nodes: InboxUnderTest['nodes'], index: number): Inbox {
  return index === 0 ? nodes[0] : nodes[1];
}

async function expectEqual(actual: unknown, expected: unknown): Promise<void> {
  const seen = await actual;
  if (!isDeepStrictEqual(seen, expected)) {
    throw new Error(`Expected ${JSON.stringify(expected)}, got ${JSON.stringify(seen)}`);
  }
}
