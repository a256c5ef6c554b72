import * as fc from 'fast-check';
import type { StreamPosition, StreamRead, Streams, StreamWrite } from '../../core/ports/streams.js';
import { testMessage } from '../../testing/contracts/test-message.js';

const maxMessages = 3;
const page = { maxMessages: 2, maxBytes: 1_000_000 };

type Step =
  | { readonly kind: 'append'; readonly once: string | undefined; readonly version: number | undefined }
  | { readonly kind: 'read'; readonly back: number; readonly epochsBack: number }
  | { readonly kind: 'readFromStart' | 'tops' | 'delete' };

/** What is done, in which room and on which node. */
type Scene = Step & { readonly room: string; readonly node: number };

const small = fc.nat({ max: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      once: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined, freq: 1 }),
      version: fc.option(small, { nil: undefined, freq: 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      back: fc.integer({ min: -1, max: maxMessages + 2 }),
      epochsBack: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('readFromStart' as const, 'tops' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const) }) },
);

/** What may happen to two rooms, on two nodes. */
export const scenes: fc.Arbitrary<readonly Scene[]> = fc.array(
  fc
    .tuple(step, fc.constantFrom('chat:1', 'chat:2'), fc.constantFrom(0, 1))
    .map(([what, room, node]) => ({ ...what, room, node })),
  { minLength: 20, maxLength: 60 },
);

/** What is known of a room: everything that was ever written to it, by epoch. */
class RoomModel {
  ids: string[] = [];
  /** Undefined before it is known. */
  epoch: string | undefined;
  readonly pastEpochs: string[] = [];
  readonly answers = new Map<string, unknown>();
  highest = -1;

  get top(): number {
    return this.ids.length;
  }

  get oldest(): number {
    return Math.max(0, this.top - maxMessages) + 1;
  }

  /** The epoch is never one that there was before. */
  check(position: StreamPosition | undefined): void {
    this.epoch ??= position?.epoch;
    expect(this.pastEpochs).not.toContain(this.epoch);
    expect(position).toEqual({ offset: this.top, epoch: this.epoch });
  }

  forget(): void {
    if (this.epoch !== undefined) this.pastEpochs.push(this.epoch);
    this.epoch = undefined;
    this.ids = [];
    this.highest = -1;
  }
}

/** Plays scenes on the nodes of one empty store and holds each answer against a model that has no limits but the stream's. */
export async function play(
  nodes: readonly [Streams, ...Streams[]],
  all: readonly Scene[],
  { isMemory }: { readonly isMemory: boolean },
): Promise<void> {
  const rooms = new Map<string, RoomModel>();
  for (const [index, scene] of all.entries()) {
    const streams = nodes[scene.node % nodes.length] ?? nodes[0];
    const model = rooms.get(scene.room) ?? new RoomModel();
    rooms.set(scene.room, model);
    await playOne({ streams, model, scene, id: `m${String(index)}` });
    // In Redis an answer outlives its stream, in memory it goes with it; both are promised by nobody.
    if (scene.kind === 'delete' && isMemory) model.answers.clear();
  }
}

interface Play {
  readonly streams: Streams;
  readonly model: RoomModel;
  readonly scene: Scene;
  readonly id: string;
}

async function playOne(play: Play): Promise<void> {
  const { streams, model, scene } = play;
  switch (scene.kind) {
    case 'append':
      return append(play, scene);
    case 'read':
      return read(play, scene);
    case 'readFromStart':
      checkEntries(model, await streams.readFromStart(scene.room, page), model.oldest);
      return;
    case 'tops':
      model.check((await streams.tops([scene.room]))[0]);
      return;
    case 'delete':
      await streams.delete(scene.room);
      model.forget();
  }
}

async function append({ streams, model, scene, id }: Play, what: Extract<Step, { kind: 'append' }>): Promise<void> {
  const write: StreamWrite = {
    message: testMessage(id),
    limits: { maxMessages, timeToLiveMs: 600_000 },
    ...(what.once !== undefined && { once: { key: what.once, windowMs: 600_000 } }),
    ...(what.version !== undefined && { version: { key: 'k', value: what.version } }),
  };
  const result = await streams.append(scene.room, write);
  const before = what.once === undefined ? undefined : model.answers.get(what.once);
  if (before !== undefined) {
    expect(result).toEqual(before);
    return;
  }
  const isStale = what.version !== undefined && what.version <= model.highest;
  expect(result).toMatchObject({ status: isStale ? 'stale' : 'stored', id });
  if (!isStale) model.ids.push(id);
  if (!isStale && what.version !== undefined) model.highest = what.version;
  model.check(result.position);
  if (what.once !== undefined) model.answers.set(what.once, isStale ? result : { ...result, status: 'repeated' });
}

async function read({ streams, model, scene }: Play, what: Extract<Step, { kind: 'read' }>): Promise<void> {
  const epoch = (what.epochsBack === 0 ? model.epoch : model.pastEpochs.at(-what.epochsBack)) ?? 'never';
  const since = { offset: Math.max(0, model.top - what.back), epoch };
  const found = await streams.read(scene.room, since, page);
  const isTrimmed = since.offset < model.top && since.offset + 1 < model.oldest;
  if (epoch !== model.epoch || since.offset > model.top || isTrimmed) {
    expect(found.status).toBe(epoch === model.epoch && isTrimmed ? 'trimmed' : 'epoch');
    model.check(found.top);
  } else {
    checkEntries(model, found, since.offset + 1);
  }
}

function checkEntries(model: RoomModel, found: StreamRead, first: number): void {
  model.check(found.top);
  if (found.status !== 'ok') throw new Error(`It is ${found.status}.`);
  const expected = model.ids.slice(first - 1, first - 1 + page.maxMessages);
  expect(found.entries.map(({ offset, message }) => [offset, message.id])).toEqual(
    expected.map((id, index) => [first + index, id]),
  );
}
