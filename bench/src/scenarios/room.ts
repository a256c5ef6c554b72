import { spend, type BenchRun } from '../harness/bench-run.js';
import type { DialectName } from '../load/dialect.js';
import type { Sample } from './scenario.js';

/** The room of the scenarios that have one. */
export const roomName = 'bench:room';

/** Who is to be in the room. */
export interface RoomSetup {
  readonly members: number;
  readonly room?: string;
  /** @default the peer's own */
  readonly dialects?: readonly DialectName[];
  readonly deflate?: boolean;
}

/** Fills the room and connects whoever has the server publish. */
export async function fillRoom(run: BenchRun, setup: RoomSetup): Promise<void> {
  const { port, peer } = run;
  const { members, room = roomName, dialects = [peer.dialect], deflate = false } = setup;
  await run.load.call('connect', { port, dialects, count: members, rooms: [room], deflate });
  await run.load.call('connectPublisher', { port, dialects: [peer.dialect] });
}

/** Bursts of messages to the room, each when everybody has heard the last. */
export interface BurstLoad {
  readonly members: number;
  readonly messages: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly room?: string;
}

/** What such bursts cost. One operation is one delivery. */
export async function measureBursts(run: BenchRun, load: BurstLoad): Promise<Sample> {
  const { members, messages, bytes, durationMs, room = roomName } = load;
  await warmUp(run, load);
  await run.load.call('reset');
  const command = { room, count: messages, bytes };
  const { result: bursts, spent } = await spend(run, () =>
    run.load.call('bursts', command, messages * members, durationMs),
  );
  const operations = bursts * messages * members;
  const heard = await run.load.call('heard', operations, 1000);
  if (!heard.isComplete) throw new Error(`${heard.delivered} of ${operations} messages arrived.`);
  return { operations, spent, perSecond: operations / (heard.elapsedMs / 1000), ...heard.latencies };
}

/** A steady rate of messages to the room. */
export interface PaceLoad {
  /** Of all rooms together. */
  readonly members: number;
  /** To each room. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly bytes: number;
  /** Or several of one size, each with a publisher of its own. */
  readonly room?: string | readonly string[];
}

/** What a steady rate costs, and how long each message takes. One operation is one delivery. */
export async function measurePace(run: BenchRun, load: PaceLoad): Promise<Sample> {
  const { members, perSecond, seconds, bytes, room = roomName } = load;
  const rooms = [room].flat();
  const pace = (duration: number): Promise<number> =>
    run.load.call('publish', 'pace', ...rooms.map((each) => ({ room: each, perSecond, seconds: duration, bytes })));
  await pace(Math.min(seconds, 1));
  await settle(run, members);
  await run.load.call('reset');
  const { result: heard, spent } = await spend(run, async () => {
    const sent = await pace(seconds);
    return run.load.call('heard', (sent * members) / rooms.length, 30_000);
  });
  const offered = perSecond * seconds * members;
  return {
    operations: heard.delivered,
    spent,
    perSecond: heard.delivered / (heard.elapsedMs / 1000),
    // By the end of the time; what a server is late with does not count.
    delivered: (heard.delivered / offered) * Math.min((seconds * 1000) / heard.elapsedMs, 1),
    ...heard.latencies,
  };
}

/** So that compiled code and connections are as they will be. */
async function warmUp(
  run: BenchRun,
  { members, messages, bytes, durationMs, room = roomName }: BurstLoad,
): Promise<void> {
  const count = Math.min(messages, 20);
  await run.load.call('bursts', { room, count, bytes }, count * members, durationMs / 2);
}

/** Waits until what was sent before has been heard: one more message, and all that came with it. */
async function settle(run: BenchRun, members: number): Promise<void> {
  await run.load.call('reset');
  await run.load.call('heard', members, 200);
}
