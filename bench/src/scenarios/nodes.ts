import type { BenchRun } from '../harness/bench-run.js';
import { roomName, type RoomSetup } from './room.js';

/** Where members and publishers are, before anything is measured. */
export interface Placed {
  /** A room and how many join it, node by node. */
  readonly rooms: readonly (readonly [room: string, members: number])[];
  /** As many publish, each on a node of its own, from the first on. */
  readonly publishers: number;
}

/** What the first messages meet, and a subscription that takes its time. */
const mostAttempts = 20;
const attemptMs = 500;

/** Connects members and publishers, and waits until messages find their way: adapters may subscribe after they have started. */
export async function place(run: BenchRun, { rooms, publishers }: Placed): Promise<void> {
  const dialects = [run.peer.dialect];
  for (const [index, { port }] of run.nodes.entries()) {
    const [room, count] = rooms[index] ?? [roomName, 0];
    await run.load.call('connect', { port, dialects, count, rooms: [room] });
    if (index < publishers) await run.load.call('connectPublisher', { port, dialects });
  }
  const commands = rooms.slice(0, publishers).map(([room]) => ({ room, count: 1, bytes: 128 }));
  const members = rooms.reduce((sum, [, count]) => sum + count, 0);
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    await run.load.call('reset');
    await run.load.call('publish', 'publish', ...commands);
    const { isComplete } = await run.load.call('heard', members, attemptMs);
    if (isComplete) return;
  }
  throw new Error(`no message reached all members within ${(mostAttempts * attemptMs) / 1000} s`);
}

/** One room, of which each node has a part; whoever publishes is on the first. */
export async function placeHalves(run: BenchRun, { members, room = roomName }: RoomSetup): Promise<void> {
  await place(run, { rooms: run.nodes.map(() => [room, members / run.nodes.length]), publishers: 1 });
}
