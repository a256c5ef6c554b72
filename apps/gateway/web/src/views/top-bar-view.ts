import { html, nothing, type TemplateResult } from 'lit-html';
import type { Actions } from '../actions.js';
import { isStaff, type Session } from '../session.js';
import type { AppState, ConnectionStatus } from '../state.js';
import { icons, logo } from './icons.js';
import { avatar } from './people.js';

const labels: Readonly<Record<ConnectionStatus['state'], string>> = {
  idle: 'Not connected',
  connecting: 'Connecting',
  open: 'Connected',
  reconnecting: 'Reconnecting',
  closed: 'Disconnected',
};

/** The countdown is for the eye only: a screen reader would speak every second. */
function statusPill({ state, attempt, secondsLeft }: ConnectionStatus): TemplateResult {
  const countdown = state === 'reconnecting' && secondsLeft !== undefined ? `attempt ${attempt}, ${secondsLeft} s` : '';
  return html`
    <div class="pill" data-state=${state} role="status" data-testid="status">
      <span class="dot"></span><span>${labels[state]}</span>
      ${countdown === '' ? nothing : html`<span class="countdown" aria-hidden="true">${countdown}</span>`}
    </div>
  `;
}

/** Where one is, how the connection is, who one is. */
export function topBarView(state: AppState, session: Session, actions: Actions): TemplateResult {
  const isAdminShown = state.pane === 'admin';
  return html`
    <header class="top-bar">
      <div class="brand">${logo}<span class="brand-name">nest-wsc</span></div>
      ${statusPill(state.connection)}
      <div class="me">
        ${
          isStaff(session)
            ? html`<button
                class="button quiet admin-toggle"
                aria-label="Admin corner"
                aria-pressed=${isAdminShown ? 'true' : 'false'}
                @click=${() => actions.showPane(isAdminShown ? 'conversation' : 'admin')}
              >
                ${icons.shield}<span class="wide-only">Admin corner</span>
              </button>`
            : nothing
        }
        <span class="me-name" data-testid="me"
          >${avatar(session.userId)}<span class="wide-only">${session.userId}</span></span
        >
        <button class="button quiet" @click=${() => void actions.logOut()}>Log out</button>
      </div>
    </header>
  `;
}
