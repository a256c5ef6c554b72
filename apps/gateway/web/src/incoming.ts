import type { Message } from '@nest-wsc/client';
import type { GatewayClient } from './connection-watch.js';
import {
  conversationId,
  type MemberChange,
  withConversation,
  withEntry,
  withMember,
  withoutConversation,
} from './conversations.js';
import { DelayedLeaves } from './delayed-leaves.js';
import { fieldsOf, safeLink, sayingOf, textOf } from './parse.js';
import { roomLabel } from './gateway-contract.js';
import { type AppState, type Entry, lobby } from './state.js';
import type { Store } from './store.js';
import { withToast } from './toasts.js';

/** A message as the user `me` sees it. */
export function toEntry(message: Message, me: string | undefined): Entry {
  const from = message.from ?? 'gateway';
  return {
    id: message.id,
    kind: 'message',
    from,
    text: sayingOf(message.data),
    at: message.timestamp,
    // From another device, or from before a reload.
    delivery: from === me ? 'sent' : 'received',
  };
}

/** Something that happened. */
export function toNotice({ id, timestamp: at }: Pick<Message, 'id' | 'timestamp'>, text: string): Entry {
  return { id, kind: 'notice', from: '', text, at, delivery: 'received' };
}

/** A private message stands under the other person: the sender, or whom this user wrote to from another device. */
function takeChat(state: AppState, message: Message): AppState {
  const me = state.session?.userId;
  const isOwn = message.from === me && message.to !== undefined;
  const other = isOwn ? message.to : message.from;
  if (other === undefined) return state;
  const id = conversationId('direct', other);
  const entry = toEntry(message, me);
  const known = withConversation(state, 'direct', other);
  const told = withEntry(known, id, entry);
  return isOwn ? told : withChatToast(told, id, entry);
}

/** What is said in private is noticed wherever one is; per person the last thing is enough. */
function withChatToast(state: AppState, conversation: string, { id, from, text }: Entry): AppState {
  if (state.activeId === conversation && state.pane === 'conversation') return state;
  const toasts = state.toasts.filter(({ opens }) => opens !== conversation);
  return withToast({ ...state, toasts }, { id, kind: 'message', title: from, body: text, opens: conversation });
}

function takeRoomMessage(state: AppState, message: Message): AppState {
  const { room } = message;
  const me = state.session?.userId;
  return room === undefined ? state : withEntry(state, conversationId('room', room), toEntry(message, me));
}

function memberOf(message: Message): { readonly room: string; readonly userId: string } {
  const fields = fieldsOf(message.data);
  return { room: message.room ?? textOf(fields['room']), userId: textOf(fields['user_id']) };
}

function takeMembership(state: AppState, message: Message, isThere: boolean): AppState {
  const { room, userId } = memberOf(message);
  const verb = isThere ? 'joined' : room === lobby ? 'is offline' : 'left';
  return withMemberNotice(state, message, { room, change: { userId, isThere }, text: `${userId} ${verb}` });
}

function takeStatus(state: AppState, message: Message): AppState {
  const { status } = fieldsOf(message.data);
  const { userId } = memberOf(message);
  const change = { userId, isThere: status === 'online' };
  const text = `${userId} is ${status === 'online' ? 'online' : 'offline'}`;
  return withMemberNotice(state, message, { room: message.room ?? lobby, change, text });
}

interface MemberNotice {
  readonly room: string;
  readonly change: MemberChange;
  readonly text: string;
}

/** Says what changed, unless it was known, or is about oneself. */
function withMemberNotice(state: AppState, message: Message, { room, change, text }: MemberNotice): AppState {
  const changed = withMember(state, room, change);
  if (changed === state || change.userId === state.session?.userId) return changed;
  return withEntry(changed, conversationId('room', room), toNotice(message, text));
}

function takeNotification(state: AppState, message: Message): AppState {
  const { title, body, icon, link } = fieldsOf(message.data);
  const href = safeLink(link);
  return withToast(state, {
    id: message.id,
    kind: 'notification',
    title: textOf(title) || 'Notification',
    body: textOf(body),
    // Pictures from elsewhere are not loaded; a sign or two are shown.
    ...(textOf(icon).length > 0 && textOf(icon).length <= 4 && { icon: textOf(icon) }),
    ...(href !== undefined && { link: href }),
  });
}

function takeUpdate(state: AppState, message: Message): AppState {
  const { entity, action, id } = fieldsOf(message.data);
  const body = `${textOf(entity)} ${textOf(id)} ${textOf(action)}`;
  return withToast(state, { id: message.id, kind: 'update', title: 'Data update', body });
}

function takeRoomClosed(state: AppState, message: Message): AppState {
  const room = textOf(fieldsOf(message.data)['room']) || (message.room ?? '');
  const closed = withoutConversation(state, conversationId('room', room));
  return withToast(closed, {
    id: message.id,
    kind: 'problem',
    title: 'Room closed',
    body: `${roomLabel(room)} was closed.`,
  });
}

/** Who comes and goes. Out of the lobby one goes late: until then a reload may turn out to be the reason. */
function listenToMembers(client: GatewayClient, store: Store<AppState>): void {
  const leaves = new DelayedLeaves();
  client.on('room_joined', (_data, message) => {
    leaves.cancel(memberOf(message).userId);
    store.update((state) => takeMembership(state, message, true));
  });
  client.on('room_left', (_data, message) => {
    const leave = (): void => store.update((state) => takeMembership(state, message, false));
    const { room, userId } = memberOf(message);
    if (room === lobby) leaves.add(userId, leave);
    else leave();
  });
  // Whoever is there now is asked for on each connection.
  client.onOpen(() => leaves.clear());
}

/** Brings what the gateway sends into the state. */
export function listen(client: GatewayClient, store: Store<AppState>): void {
  const take =
    (change: (state: AppState, message: Message) => AppState) =>
    (_data: unknown, message: Message): void =>
      store.update((state) => change(state, message));
  listenToMembers(client, store);
  client.on('chat', take(takeChat));
  client.on('room_message', take(takeRoomMessage));
  client.on('room_closed', take(takeRoomClosed));
  client.on('user_status', take(takeStatus));
  client.on('notification', take(takeNotification));
  client.on('data_update', take(takeUpdate));
  client.on(
    'broadcast',
    take((state, message) =>
      withToast(state, { id: message.id, kind: 'broadcast', title: 'To everybody', body: sayingOf(message.data) }),
    ),
  );
}
