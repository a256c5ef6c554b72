import type { AppState, Conversation, Entry } from './state.js';

// A page that stays open for days must not grow for days.
const maxEntries = 300;
const maxConversations = 100;

const directPrefix = 'user:';

/** Somebody came or went. */
export interface MemberChange {
  readonly userId: string;
  readonly isThere: boolean;
}

/** How a conversation is known. */
export const conversationId = (kind: Conversation['kind'], name: string): string =>
  `${kind === 'room' ? 'room:' : directPrefix}${name}`;

export function findConversation(state: AppState, id: string): Conversation | undefined {
  return state.conversations.find((conversation) => conversation.id === id);
}

function changeConversation(state: AppState, id: string, change: (before: Conversation) => Conversation): AppState {
  const conversations = state.conversations.map((before) => (before.id === id ? change(before) : before));
  return { ...state, conversations };
}

/** Adds a conversation unless it is there. The oldest direct one gives way when there are too many. */
export function withConversation(state: AppState, kind: Conversation['kind'], name: string): AppState {
  const id = conversationId(kind, name);
  if (findConversation(state, id) !== undefined) return state;
  const added: Conversation = {
    id,
    kind,
    name,
    entries: [],
    unread: 0,
    members: [],
    hasHistory: false,
    failedJoins: 0,
  };
  const oldest = state.conversations.find((other) => other.kind === 'direct' && other.id !== state.activeId);
  const kept =
    state.conversations.length < maxConversations
      ? state.conversations
      : state.conversations.filter((other) => other !== oldest);
  return { ...state, conversations: [...kept, added] };
}

/** Removes a conversation; the first one becomes the active one if it was. */
export function withoutConversation(state: AppState, id: string): AppState {
  const conversations = state.conversations.filter((conversation) => conversation.id !== id);
  const activeId = state.activeId === id ? (conversations[0]?.id ?? '') : state.activeId;
  return { ...state, conversations, activeId };
}

/** Shows a conversation; what it holds is read then, and what announced it is put away. */
export function withActive(state: AppState, id: string): AppState {
  const read = changeConversation(state, id, (before) => ({ ...before, unread: 0 }));
  const toasts = state.toasts.filter(({ opens }) => opens !== id);
  return { ...read, activeId: id, pane: 'conversation', toasts };
}

/** Shows the conversation that was shown before a reload; the first one where it is gone. */
export function withReopened(state: AppState, id: string): AppState {
  const person = id.startsWith(directPrefix) ? id.slice(directPrefix.length) : '';
  const known = person === '' ? state : withConversation(state, 'direct', person);
  return withActive(known, findConversation(known, id)?.id ?? known.conversations[0]?.id ?? '');
}

/** Appends an entry, once: a message that comes again keeps its id. What waits to be sent stays last, as it will be said last. */
export function withEntry(state: AppState, id: string, entry: Entry): AppState {
  return changeConversation(state, id, (before) => {
    if (before.entries.some((known) => known.id === entry.id)) return before;
    const isUnread = entry.delivery === 'received' && entry.kind === 'message' && state.activeId !== id;
    const isWaiting = ({ delivery }: Entry): boolean => delivery === 'sending';
    const said = before.entries.filter((known) => !isWaiting(known));
    const waiting = before.entries.filter(isWaiting);
    const entries = isWaiting(entry) ? [...said, ...waiting, entry] : [...said, entry, ...waiting];
    return { ...before, entries: entries.slice(-maxEntries), unread: before.unread + (isUnread ? 1 : 0) };
  });
}

/** What was said in a room before, oldest first. */
export interface History {
  readonly entries: readonly Entry[];
  /** The id of the entry that it follows. @default none: it is ahead of everything */
  readonly after?: string | undefined;
}

/** Adds what was said in a room before, each entry once. */
export function withHistory(state: AppState, id: string, { entries: history, after }: History): AppState {
  return changeConversation(state, id, (before) => {
    const known = new Set(before.entries.map((entry) => entry.id));
    const added = history.filter((entry) => !known.has(entry.id));
    const index = before.entries.findIndex((entry) => entry.id === after) + 1;
    const entries = [...before.entries.slice(0, index), ...added, ...before.entries.slice(index)];
    return { ...before, entries: entries.slice(-maxEntries), hasHistory: true };
  });
}

/** How an entry was known, and how the gateway calls its message. */
export interface SentEntry {
  readonly entryId: string;
  readonly messageId: string;
}

/** An entry was sent, and is known by the id of its message from now on: by that one it may have come back already. */
export function withSent(state: AppState, id: string, { entryId, messageId }: SentEntry): AppState {
  return changeConversation(state, id, (before) => {
    const hasComeBack = before.entries.some((entry) => entry.id === messageId);
    const entries = hasComeBack
      ? before.entries.filter((entry) => entry.id !== entryId)
      : before.entries.map((entry) =>
          entry.id === entryId ? { ...entry, id: messageId, delivery: 'sent' as const } : entry,
        );
    return { ...before, entries };
  });
}

/** Says how sending an entry went. */
export function withDelivery(state: AppState, id: string, sent: Pick<Entry, 'id' | 'delivery'>): AppState {
  return changeConversation(state, id, (before) => ({
    ...before,
    entries: before.entries.map((entry) => (entry.id === sent.id ? { ...entry, delivery: sent.delivery } : entry)),
  }));
}

/** Replaces who is in a room. */
export function withMembers(state: AppState, room: string, userIds: Iterable<string>): AppState {
  const members = [...new Set(userIds)].sort((left, right) => left.localeCompare(right));
  return changeConversation(state, conversationId('room', room), (before) => ({ ...before, members }));
}

/** Adds or removes one member. The same state where nothing changes. */
export function withMember(state: AppState, room: string, { userId, isThere }: MemberChange): AppState {
  const before = findConversation(state, conversationId('room', room));
  if (before === undefined || before.members.includes(userId) === isThere) return state;
  const others = before.members.filter((member) => member !== userId);
  return withMembers(state, room, isThere ? [...others, userId] : others);
}

/** A room could not be joined so often. */
export const withFailedJoins = (state: AppState, room: string, failedJoins: number): AppState =>
  changeConversation(state, conversationId('room', room), (before) => ({ ...before, failedJoins }));

/** How much is unread in all. */
export const unreadCount = (state: AppState): number =>
  state.conversations.reduce((sum, conversation) => sum + conversation.unread, 0);
