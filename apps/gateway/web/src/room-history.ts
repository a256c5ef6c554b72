import type { Message, Position } from '@nest-wsc/client';
import type { GatewayClient } from './connection-watch.js';

// As much as somebody reads who has just come.
const shownMessages = 50;

/** What was said last in a room up to a position, oldest first: everything above it comes by itself. */
export async function loadHistory(client: GatewayClient, room: string, upTo: Position): Promise<readonly Message[]> {
  const { offset: end, epoch } = upTo;
  const first = { offset: end - shownMessages, epoch };
  const newest = first.offset > 0 ? await readFrom(client, room, { upTo, since: first }) : undefined;
  // Where the room does not keep that many, it is all that it keeps.
  const messages = newest ?? (await readFrom(client, room, { upTo })) ?? [];
  return messages.filter(
    ({ event, offset = 0, epoch: own }) => event === 'room_message' && own === epoch && offset <= end,
  );
}

/** The newest place in a room; nothing where it keeps no history. */
export async function findNewest(client: GatewayClient, room: string): Promise<Position | undefined> {
  const { offset, epoch } = await client.request('history', { room, limit: 1 }, { idempotent: true });
  return offset === undefined || epoch === undefined ? undefined : { offset, epoch };
}

interface Range {
  readonly upTo: Position;
  /** Without it, from the oldest that is kept. */
  readonly since?: Position;
}

/** An answer holds so many bytes only, so it may take several. Nothing where `since` is not kept any more. */
async function readFrom(client: GatewayClient, room: string, range: Range): Promise<readonly Message[] | undefined> {
  const messages: Message[] = [];
  for (let { since } = range; ;) {
    const question = { room, limit: shownMessages, ...(since !== undefined && { since }) };
    const page = await client.request('history', question, { idempotent: true });
    if (page.reason !== undefined) return messages.length === 0 ? undefined : messages;
    messages.push(...page.messages);
    const { offset = range.upTo.offset, epoch = '' } = page.messages.at(-1) ?? {};
    if (page.complete || offset >= range.upTo.offset) return messages;
    since = { offset, epoch };
  }
}
