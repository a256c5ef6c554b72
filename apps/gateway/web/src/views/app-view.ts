import { html, nothing, type TemplateResult } from 'lit-html';
import type { Actions } from '../actions.js';
import { findConversation } from '../conversations.js';
import { isStaff } from '../session.js';
import type { AppState } from '../state.js';
import { adminView } from './admin-view.js';
import { conversationView } from './conversation-view.js';
import { loginView } from './login-view.js';
import { sidebarView } from './sidebar-view.js';
import { toastsView } from './toasts-view.js';
import { topBarView } from './top-bar-view.js';

/** The whole page. */
export function appView(state: AppState, actions: Actions): TemplateResult {
  const { session } = state;
  if (session === undefined) return loginView(state, actions);
  const active = findConversation(state, state.activeId);
  return html`
    <div class="shell" data-pane=${state.pane} ?data-staff=${isStaff(session)}>
      ${topBarView(state, session, actions)} ${sidebarView(state, session, actions)}
      <main class="main">${active === undefined ? nothing : conversationView(active, state, actions)}</main>
      ${isStaff(session) ? adminView(state, actions) : nothing}
    </div>
    ${toastsView(state.toasts, actions)}
  `;
}
