import { html, nothing, type TemplateResult } from 'lit-html';
import type { Actions } from '../actions.js';
import type { AppState } from '../state.js';
import { readForm } from './forms.js';
import { logo } from './icons.js';

const userTypes = [
  { value: 'customer', label: 'Customer' },
  { value: 'agent', label: 'Agent' },
  { value: 'admin', label: 'Admin' },
] as const;

const userTypeChoice = html`
  <fieldset class="choice">
    <legend class="label">Come in as</legend>
    <div class="segments">
      ${userTypes.map(
        ({ value, label }, index) => html`
          <label class="segment">
            <input type="radio" name="userType" value=${value} ?checked=${index === 0} /><span>${label}</span>
          </label>
        `,
      )}
    </div>
    <p class="hint">Agents and admins also see the admin corner.</p>
  </fieldset>
`;

/** Who are you? */
export function loginView({ loginProblem }: AppState, actions: Actions): TemplateResult {
  const submit = (event: SubmitEvent): void => {
    const { userId = '', userType = '' } = readForm(event);
    void actions.logIn(userId.trim(), userType);
  };
  return html`
    <main class="login">
      <form class="card login-card" @submit=${submit}>
        <div class="login-head">
          ${logo}
          <h1>Welcome to nest-wsc</h1>
          <p class="muted">Chat, presence and notifications over one WebSocket.</p>
        </div>
        <label class="field">
          <span class="label">Your name</span>
          <input
            name="userId"
            required
            maxlength="60"
            pattern="[^\\s]+"
            title="One word, without spaces"
            placeholder="ada"
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            autofocus
          />
        </label>
        ${userTypeChoice}
        <p class="problem" role="alert">${loginProblem ?? nothing}</p>
        <button class="button primary wide" type="submit">Log in</button>
        <p class="hint centred">
          No password: this is a demo. Open a second tab and come in as somebody else. The HTTP API is at
          <a href="/docs">/docs</a>.
        </p>
      </form>
    </main>
  `;
}
