import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Actions } from '../actions.js';
import type { Toast } from '../state.js';
import { icons } from './icons.js';

const signs: Readonly<Record<Toast['kind'], TemplateResult>> = {
  notification: icons.bell,
  broadcast: icons.megaphone,
  message: icons.chat,
  update: icons.update,
  problem: icons.warning,
};

function toastView(toast: Toast, actions: Actions): TemplateResult {
  const { id, kind, title, body, icon, link, opens } = toast;
  const dismiss = (): void => actions.dismiss(id);
  const dismissOnEscape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') dismiss();
  };
  return html`
    <li class="toast" data-kind=${kind} @keydown=${dismissOnEscape} @animationend=${dismissAfterTimer(dismiss)}>
      <span class="toast-sign">${icon ?? signs[kind]}</span>
      <div class="toast-text">
        <p class="toast-title">${title}</p>
        ${body === '' ? nothing : html`<p class="toast-body">${body}</p>`}
        ${
          opens === undefined
            ? nothing
            : html`<button class="link-button" @click=${() => actions.open(opens)}>Read</button>`
        }
        ${link === undefined ? nothing : html`<a href=${link} target="_blank" rel="noopener noreferrer">Open</a>`}
      </div>
      <button class="button icon-only quiet small" aria-label="Dismiss" @click=${dismiss}>${icons.close}</button>
      <span class="toast-timer" aria-hidden="true"></span>
    </li>
  `;
}

/** The bar that runs out is the timer: it stands still under the pointer and the focus (styles/toasts.css). */
const dismissAfterTimer =
  (dismiss: () => void) =>
  ({ animationName }: AnimationEvent): void => {
    if (animationName === 'toast-timer') dismiss();
  };

/** What wants to be noticed. Always there, so that a screen reader hears what comes into it. */
export function toastsView(toasts: readonly Toast[], actions: Actions): TemplateResult {
  return html`
    <div role="status" aria-label="Notifications" data-testid="toasts">
      <ul class="toasts">
        ${repeat(
          toasts,
          ({ id }) => id,
          (toast) => toastView(toast, actions),
        )}
      </ul>
    </div>
  `;
}
