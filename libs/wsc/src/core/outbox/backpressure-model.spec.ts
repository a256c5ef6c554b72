import * as fc from 'fast-check';
import type { OutboxLimits } from '../hub-options.js';
import type { Priority } from '../messages/message.js';
import type { Backpressure } from './backpressure.js';
import { message, roomMessage, setUp } from './outbox.fixture.js';

interface Sent {
  readonly text: string;
  readonly room: Backpressure | 'make-room';
  readonly key: string;
  readonly lane: Priority;
}

/** The rules as plainly as they can be said, and as slow. */
class Model {
  readonly dropped: string[] = [];
  written = '';
  hasFailed = false;
  #queue: Sent[] = [];
  #exempt = new Set<Sent>();

  constructor(
    readonly limits: OutboxLimits,
    public factor: number,
  ) {}

  push(sent: Sent): boolean {
    if (this.hasFailed) return false;
    if (this.#excess(sent) !== undefined) {
      if (sent.room === 'drop-newest') {
        this.dropped.push(`new ${sent.text}`);
        return false;
      }
      if (sent.room === 'latest-only') this.#dropSuperseded(sent);
      if (sent.room === 'drop-oldest' || sent.room === 'make-room') this.#dropOldest(sent);
      this.hasFailed = this.#excess(sent) !== undefined;
    }
    if (!this.hasFailed) this.#queue.push(sent);
    return !this.hasFailed;
  }

  endTurn(): void {
    if (this.factor === 1) return;
    this.factor = 1;
    this.#exempt = new Set(this.#queue);
  }

  /** One write of a link that refuses more. */
  take(): void {
    let bytes = 0;
    while (this.#queue.length > 0 && !this.hasFailed) {
      const next = this.#queue.find(({ lane }) => lane === 'high') ?? this.#queue[0]!;
      if (bytes > 0 && bytes + next.text.length > 65_536) return;
      bytes += next.text.length;
      this.written += next.text;
      this.#remove(next);
    }
  }

  #excess({ lane, text }: Sent): 'high' | 'any' | undefined {
    const counted = this.#queue.filter((queued) => !this.#exempt.has(queued));
    const highCount = counted.filter((queued) => queued.lane === 'high').length;
    const bytes = counted.reduce((sum, queued) => sum + queued.text.length, text.length);
    if (lane === 'high' && highCount >= this.limits.maxHighMessages * this.factor) return 'high';
    if (counted.length >= this.limits.maxMessages * this.factor) return 'any';
    return counted.length > 0 && bytes > this.limits.maxBytes * this.factor ? 'any' : undefined;
  }

  #dropOldest(sent: Sent): void {
    const candidates: readonly string[] =
      sent.room === 'drop-oldest' ? ['drop-oldest'] : ['drop-oldest', 'drop-newest', 'latest-only'];
    for (let excess = this.#excess(sent); excess !== undefined; excess = this.#excess(sent)) {
      const oldest = this.#queue.find(
        (queued) =>
          !this.#exempt.has(queued) && candidates.includes(queued.room) && (excess === 'any' || queued.lane === 'high'),
      );
      if (oldest === undefined) return;
      this.#drop(oldest);
    }
  }

  #dropSuperseded(sent: Sent): void {
    const prices = [...this.#queue.filter(({ room }) => room === 'latest-only'), sent];
    prices.forEach((price, index) => {
      if (prices.slice(index + 1).some(({ key }) => key === price.key)) this.#drop(price);
    });
  }

  #drop(queued: Sent): void {
    this.dropped.push(queued.text);
    this.#remove(queued);
  }

  #remove(queued: Sent): void {
    this.#queue = this.#queue.filter((other) => other !== queued);
  }
}

type Step =
  | {
      readonly kind: 'push';
      readonly room: Sent['room'];
      readonly key: string;
      readonly lane: Priority;
      readonly size: number;
      readonly count: number;
    }
  | { readonly kind: 'take' | 'turn' };

describe('whatever is pushed to a blocked outbox and drained from it', () => {
  const lane = fc.constantFrom<Priority>('normal', 'normal', 'normal', 'high');
  const size = fc.constantFrom(8, 8, 8, 40, 40_000);
  const kind = fc.constant('push' as const);
  const key = fc.constantFrom('a', 'b', 'c');
  const droppable: fc.Arbitrary<Step> = fc.record({
    ...{ kind, key, lane, size },
    room: fc.constantFrom('drop-oldest', 'drop-oldest', 'drop-newest', 'latest-only', 'latest-only'),
    count: fc.constantFrom(1, 1, 2, 90),
  });
  const room = fc.constantFrom<Sent['room']>('make-room', 'make-room', 'make-room', 'close');
  const lasting: fc.Arbitrary<Step> = fc.record({ kind, key, lane, size, room, count: fc.constant(1) });
  const other: fc.Arbitrary<Step> = fc.record({ kind: fc.constantFrom('take', 'turn') });
  const step = fc.oneof(
    { weight: 6, arbitrary: droppable },
    { weight: 1, arbitrary: lasting },
    { weight: 2, arbitrary: other },
  );
  const steps = fc.array(step, { maxLength: 60 });
  const limits = fc.record({
    maxMessages: fc.constantFrom(3, 10, 100),
    maxHighMessages: fc.constantFrom(2, 50),
    maxBytes: fc.constantFrom(100, 100_000, 10_000_000),
  });

  it.each(['held', 'refused in this turn', 'refused before'] as const)(
    'what is written and what is dropped is what the plainest reading of the rules says (%s)',
    async (start) => {
      await fc.assert(
        fc.asyncProperty(limits, steps, async (budget, script) => {
          const { outbox, model } = await play(start, budget, script);
          expect(outbox.heard()).toBe(model.written);
          expect([...outbox.dropped].sort()).toEqual([...model.dropped].sort());
          expect(outbox.failures).toEqual(model.hasFailed ? ['over-budget'] : []);
        }),
        { numRuns: 200 },
      );
    },
  );

  async function begin(start: 'held' | 'refused in this turn' | 'refused before', budget: Partial<OutboxLimits>) {
    const set = setUp(budget);
    const outbox = start === 'held' ? set.hold() : set.open();
    outbox.link.isBlocked = true;
    // So many in one turn are written early.
    for (let index = 0; start !== 'held' && index < 256; index += 1) outbox.outbox.push(message(''));
    if (start === 'refused before') await set.turn();
    return { set, outbox };
  }

  async function play(start: Parameters<typeof begin>[0], budget: Partial<OutboxLimits>, script: readonly Step[]) {
    const { set, outbox } = await begin(start, budget);
    const model = new Model(set.limits, start === 'refused in this turn' ? 16 : 1);
    let count = 0;
    for (const step of script) {
      if (step.kind === 'turn') {
        await set.turn();
        model.endTurn();
      } else if (step.kind === 'push') {
        for (let index = 0; index < step.count; index += 1) {
          const { room, key, lane } = step;
          const sent = { room, key, lane, text: `${++count};`.padStart(step.size, '.') };
          const pushed = room === 'make-room' ? message(sent.text, lane) : roomMessage(sent.text, room, sent);
          expect(outbox.outbox.push(pushed)).toBe(model.push(sent));
        }
      } else if (start !== 'held' && outbox.outbox.queuedBytes > 0) {
        // An outbox that has handed everything over would be blocked no more.
        outbox.outbox.drained();
        model.take();
      }
    }
    outbox.link.isBlocked = false;
    if (start === 'held') outbox.outbox.open();
    else outbox.outbox.drained();
    await set.turn();
    for (let index = 0; index <= count; index += 1) model.take();
    return { outbox, model };
  }
});
