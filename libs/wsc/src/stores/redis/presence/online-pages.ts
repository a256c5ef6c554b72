import type { PageRequest, UserPage } from '../../../core/ports/presence.js';
import { parseWord } from './presence-text.js';
import type { PresenceStore } from './presence-store.js';

const defaultPageSize = 100;
const maxPageSize = 1000;
/** Asked at a time: with few users in many partitions, one after the other would take long. */
const partitionsAtOnce = 16;

/** Where the next page begins: behind a user, in the order of partitions and then of names as they are written. */
interface Position {
  readonly partition: number;
  readonly after: string | undefined;
}

/** Reads one page of the users who are online. */
export async function readOnlinePage(
  store: PresenceStore,
  partitionCount: number,
  { limit = defaultPageSize, cursor }: PageRequest,
): Promise<UserPage> {
  const size = Math.min(Math.max(Math.trunc(limit), 1), maxPageSize);
  const start = parseCursor(cursor);
  const found: Position[] = [];
  // One more than wanted tells whether there is a next page.
  for (let first = start.partition; first < partitionCount && found.length <= size; first += partitionsAtOnce) {
    const partitions = range(first, Math.min(first + partitionsAtOnce, partitionCount));
    const wanted = size + 1 - found.length;
    const pages = await Promise.all(
      partitions.map(async (partition) => {
        const after = partition === start.partition ? start.after : undefined;
        return (await store.onlineAfter(partition, after, wanted)).map((user) => ({ partition, after: user }));
      }),
    );
    found.push(...pages.flat());
  }
  const page = found.slice(0, size);
  const users = page.flatMap(({ after = '' }) => parseWord(after) ?? []);
  const last = page.at(-1);
  return last === undefined || found.length <= size ? { users } : { users, cursor: cursorOf(last) };
}

function cursorOf({ partition, after = '' }: Position): string {
  return `${String(partition)}.${after}`;
}

/** Any text is taken: what is no cursor of ours begins at the start. */
function parseCursor(cursor: string | undefined): Position {
  const [, partition, after] = /^(\d{1,4})\.([^\s]{1,2000})$/.exec(cursor ?? '') ?? [];
  return partition === undefined ? { partition: 0, after: undefined } : { partition: Number(partition), after };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
