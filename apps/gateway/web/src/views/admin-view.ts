import { html, type TemplateResult } from 'lit-html';
import type { Actions } from '../actions.js';
import { conversationId, findConversation } from '../conversations.js';
import { type AppState, lobby } from '../state.js';
import { readForm } from './forms.js';
import { icons } from './icons.js';

const shownStats = [
  { name: 'total_clients', label: 'Connections' },
  { name: 'online_users', label: 'Users' },
  { name: 'total_rooms', label: 'Rooms' },
  { name: 'messages_received', label: 'Received' },
  { name: 'messages_sent', label: 'Sent' },
  { name: 'errors', label: 'Errors' },
] as const;

const number = new Intl.NumberFormat();

function statsView({ stats }: AppState): TemplateResult {
  return html`
    <dl class="stats" data-testid="stats">
      ${shownStats.map(({ name, label }) => {
        const value = stats?.[name];
        return html`<div>
          <dt>${label}</dt>
          <dd>${typeof value === 'number' ? number.format(value) : '–'}</dd>
        </div>`;
      })}
    </dl>
  `;
}

/** Sends, and says under the button how it went; what was written stays, to be sent again. */
function submitTo(send: (fields: Readonly<Record<string, string | undefined>>) => Promise<string>) {
  return (event: SubmitEvent): void => {
    const fields = readForm(event);
    const output = event.target instanceof HTMLFormElement ? event.target.querySelector('output') : null;
    void send(fields).then((result) => {
      if (output !== null) output.value = result;
    });
  };
}

function notifyForm(state: AppState, actions: Actions): TemplateResult {
  const online = findConversation(state, conversationId('room', lobby))?.members ?? [];
  const send = submitTo(({ user = '', title = '', body = '' }) => actions.notify(user.trim(), title, body));
  return html`
    <form class="card stack" @submit=${send} data-testid="notify-form">
      <h3>${icons.bell} Notify somebody</h3>
      <div class="pair">
        <label class="field">
          <span class="label">User</span>
          <input name="user" list="online-users" required maxlength="128" autocomplete="off" autocapitalize="none" />
          <datalist id="online-users">${online.map((userId) => html`<option value=${userId}></option>`)}</datalist>
        </label>
        <label class="field"><span class="label">Title</span><input name="title" required maxlength="200" /></label>
      </div>
      <label class="field"
        ><span class="label">Text</span><textarea name="body" rows="2" maxlength="4000"></textarea>
      </label>
      <button class="button primary">Send notification</button>
      <output class="hint"></output>
    </form>
  `;
}

function broadcastForm(actions: Actions): TemplateResult {
  const send = submitTo(({ text = '' }) => actions.broadcast(text));
  return html`
    <form class="card stack" @submit=${send} data-testid="broadcast-form">
      <h3>${icons.megaphone} Tell everybody</h3>
      <label class="field">
        <span class="label">Text</span><textarea name="text" rows="1" required maxlength="4000"></textarea>
      </label>
      <button class="button primary">Broadcast</button>
      <output class="hint"></output>
    </form>
  `;
}

/** What the HTTP API can do, for who may use it. */
export function adminView(state: AppState, actions: Actions): TemplateResult {
  return html`
    <aside class="admin" aria-label="Admin corner">
      <h2 class="section-title">Admin corner</h2>
      ${statsView(state)} ${notifyForm(state, actions)} ${broadcastForm(actions)}
      <p class="hint">
        Through the HTTP API, as any service could. <a href="/docs" target="_blank" rel="noopener">/docs</a>
      </p>
    </aside>
  `;
}
