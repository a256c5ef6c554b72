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
  const added: Conversation = { id, kind, name, entries: [], unread: 0, members: [] };
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

/** Appends an entry, once: a message that comes again keeps its id. */
export function withEntry(state: AppState, id: string, entry: Entry): AppState {
  return changeConversation(state, id, (before) => {
    if (before.entries.some((known) => known.id === entry.id)) return before;
    const isUnread = entry.delivery === 'received' && entry.kind === 'message' && state.activeId !== id;
    const entries = [...before.entries, entry].slice(-maxEntries);
    return { ...before, entries, unread: before.unread + (isUnread ? 1 : 0) };
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

/** How much is unread in all. */
export const unreadCount = (state: AppState): number =>
  state.conversations.reduce((sum, conversation) => sum + conversation.unread, 0);
