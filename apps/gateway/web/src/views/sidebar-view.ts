import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Actions } from '../actions.js';
import { conversationId, findConversation } from '../conversations.js';
import { roomLabel } from '../gateway-contract.js';
import type { Session } from '../session.js';
import { type AppState, type Conversation, lobby } from '../state.js';
import { readForm, resetForm } from './forms.js';
import { icons } from './icons.js';
import { avatar } from './people.js';

const unreadBadge = (unread: number): TemplateResult | typeof nothing =>
  unread === 0 ? nothing : html`<span class="badge" aria-label="${unread} unread">${unread}</span>`;

function roomItem(room: Conversation, { activeId }: AppState, actions: Actions): TemplateResult {
  return html`
    <li>
      <button
        class="item"
        aria-current=${room.id === activeId ? 'true' : nothing}
        @click=${() => actions.open(room.id)}
      >
        <span class="item-icon">${icons.hash}</span><span class="item-name">${roomLabel(room.name)}</span>
        ${room.failedJoins === 0 ? nothing : html`<span class="item-note">waiting</span>`}${unreadBadge(room.unread)}
      </button>
    </li>
  `;
}

interface Person {
  readonly userId: string;
  readonly isOnline: boolean;
  readonly unread: number;
}

function personItem({ userId, isOnline, unread }: Person, { activeId }: AppState, actions: Actions): TemplateResult {
  const isActive = conversationId('direct', userId) === activeId;
  return html`
    <li>
      <button class="item" aria-current=${isActive ? 'true' : nothing} @click=${() => actions.openDirect(userId)}>
        <span class="presence" ?data-online=${isOnline}>${avatar(userId)}</span>
        <span class="item-name">${userId}</span>
        ${isOnline ? nothing : html`<span class="item-note">offline</span>`}${unreadBadge(unread)}
      </button>
    </li>
  `;
}

const selfItem = ({ userId }: Session): TemplateResult => html`
  <li class="item self">
    <span class="presence" data-online>${avatar(userId)}</span><span class="item-name">${userId}</span>
    <span class="item-note">you</span>
  </li>
`;

const membersOfLobby = (state: AppState): readonly string[] =>
  findConversation(state, conversationId('room', lobby))?.members ?? [];

/** Everybody else who is online, and whoever one has talked to. */
function listPeople(state: AppState, { userId: me }: Session): readonly Person[] {
  const online = new Set(membersOfLobby(state));
  const direct = state.conversations.filter(({ kind }) => kind === 'direct');
  const unread = new Map(direct.map((conversation) => [conversation.name, conversation.unread]));
  const userIds = [...new Set([...online, ...unread.keys()])].filter((userId) => userId !== me);
  const people = userIds.map((userId) => ({ userId, isOnline: online.has(userId), unread: unread.get(userId) ?? 0 }));
  return people.sort(
    (left, right) => Number(right.isOnline) - Number(left.isOnline) || left.userId.localeCompare(right.userId),
  );
}

function joinForm(actions: Actions): TemplateResult {
  const submit = (event: SubmitEvent): void => {
    if (actions.joinRoom(readForm(event)['room'] ?? '')) resetForm(event);
  };
  return html`
    <form class="inline-form" @submit=${submit}>
      <input
        name="room"
        aria-label="Room to join or create"
        placeholder="Join or create a room"
        required
        maxlength="100"
        pattern="#?[A-Za-z0-9_.: \\-]+"
        title="Letters, digits and _ . : -"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
      />
      <button class="button icon-only" aria-label="Join room">${icons.plus}</button>
    </form>
  `;
}

/** Rooms and people. */
export function sidebarView(state: AppState, session: Session, actions: Actions): TemplateResult {
  const rooms = state.conversations.filter(({ kind }) => kind === 'room');
  const people = listPeople(state, session);
  return html`
    <nav class="sidebar" aria-label="Rooms and people">
      <section>
        <h2 class="section-title">Rooms</h2>
        <ul class="items" data-testid="rooms">
          ${repeat(
            rooms,
            ({ id }) => id,
            (room) => roomItem(room, state, actions),
          )}
        </ul>
        ${joinForm(actions)}
      </section>
      <section>
        <h2 class="section-title">
          People
          <span class="count">${membersOfLobby(state).length} online</span>
        </h2>
        <ul class="items" data-testid="people">
          ${selfItem(session)}
          ${repeat(
            people,
            ({ userId }) => userId,
            (person) => personItem(person, state, actions),
          )}
        </ul>
        ${people.length === 0 ? html`<p class="hint">Nobody else is here. Open a second tab and log in.</p>` : nothing}
      </section>
    </nav>
  `;
}
