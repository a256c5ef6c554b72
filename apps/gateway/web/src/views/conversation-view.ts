import { html, nothing, type TemplateResult } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import type { Actions } from '../actions.js';
import { conversationId, findConversation, unreadCount } from '../conversations.js';
import { roomLabel } from '../gateway-contract.js';
import { type AppState, type Conversation, lobby } from '../state.js';
import { catchUpView } from './catch-up-view.js';
import { composerView } from './composer-view.js';
import { entriesView } from './entries-view.js';
import { icons } from './icons.js';
import { avatar } from './people.js';

const maxFaces = 5;

function describe(conversation: Conversation, state: AppState): string {
  if (conversation.failedJoins > 0) return 'Not open yet';
  if (conversation.kind === 'room') {
    const count = conversation.members.length;
    return count === 1 ? '1 person here' : `${count} people here`;
  }
  const online = findConversation(state, conversationId('room', lobby))?.members ?? [];
  return online.includes(conversation.name) ? 'Private, online' : 'Private, offline';
}

function headView(conversation: Conversation, state: AppState, actions: Actions): TemplateResult {
  const { kind, name, members } = conversation;
  const unreadElsewhere = unreadCount(state);
  const mayLeave = kind === 'room' && name !== lobby;
  return html`
    <header class="conversation-head">
      <button
        class="button icon-only quiet back"
        aria-label="Back to rooms and people"
        @click=${() => actions.showPane('list')}
      >
        ${icons.back}${unreadElsewhere === 0 ? nothing : html`<span class="badge">${unreadElsewhere}</span>`}
      </button>
      ${kind === 'room' ? html`<span class="room-sign">${icons.hash}</span>` : avatar(name)}
      <div class="conversation-title">
        <h1>${kind === 'room' ? roomLabel(name) : name}</h1>
        <p class="muted">${describe(conversation, state)}</p>
      </div>
      <div class="faces" aria-hidden="true">${members.slice(0, maxFaces).map(avatar)}</div>
      ${
        mayLeave
          ? html`<button class="button quiet" @click=${() => void actions.leaveRoom(name)}>Leave</button>`
          : nothing
      }
    </header>
  `;
}

/** Says what one may need to know while one can't be heard. */
function connectionBanner({ connection }: AppState, actions: Actions): TemplateResult | typeof nothing {
  const { state, secondsLeft, reason } = connection;
  if (state === 'reconnecting') {
    const isTrying = secondsLeft === undefined || secondsLeft === 0;
    const when = isTrying ? 'Trying now …' : `Trying again in ${secondsLeft} s.`;
    return html`<div class="banner">
      <span class="spinner" aria-hidden="true"></span>
      <span class="banner-text"
        >The connection is lost. <span aria-hidden="true">${when}</span> What you write is sent afterwards.</span
      >
      <button class="button small" ?disabled=${isTrying} @click=${() => actions.tryNow()}>Try now</button>
    </div>`;
  }
  if (state !== 'closed') return nothing;
  return html`<div class="banner bad" role="alert">
    <span>The connection was ended. ${reason ?? ''}</span>
    <button class="button small" @click=${() => void actions.reconnect()}>Connect again</button>
  </div>`;
}

/** Says that a room is being waited for. Always there, so that a screen reader hears what comes into it, once. */
function joinBanner({ name, failedJoins }: Conversation, { connection }: AppState): TemplateResult {
  // While there is no connection, that is what one has to know.
  const isShown = failedJoins > 0 && connection.state === 'open';
  return html`<div role="status" aria-label="Joining" data-testid="joining">
    ${
      isShown
        ? html`<div class="banner">
            <span class="spinner" aria-hidden="true"></span>
            <span
              >The gateway can’t open #${roomLabel(name)} now. Trying again
              <span aria-hidden="true">(attempt ${failedJoins + 1})</span> …</span
            >
          </div>`
        : nothing
    }
  </div>`;
}

/** A room or a private conversation. */
export function conversationView(conversation: Conversation, state: AppState, actions: Actions): TemplateResult {
  return html`
    ${headView(conversation, state, actions)} ${connectionBanner(state, actions)} ${joinBanner(conversation, state)}
    ${catchUpView(state, actions)}
    ${keyed(conversation.id, html`${entriesView(conversation, state, actions)} ${composerView(conversation, actions)}`)}
  `;
}
