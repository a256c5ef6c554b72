import type { LossReason } from '@nest-wsc/client';
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Actions } from '../actions.js';
import { roomLabel } from '../gateway-contract.js';
import type { AppState, CatchUp } from '../state.js';
import { icons } from './icons.js';

const lossTexts: Readonly<Record<LossReason, string>> = {
  trimmed: 'away for too long',
  limit: 'away for too long',
  epoch: 'the gateway no longer has them',
  disabled: 'the room keeps none any more',
};

const roomName = ({ room }: CatchUp): string => `#${roomLabel(room)}`;

/** `3 messages caught up in #lobby, 1 in #garden.` */
function caughtUpText(catchUps: readonly CatchUp[]): string {
  const [first, ...others] = catchUps.filter(({ count }) => count > 0);
  if (first === undefined) return '';
  const start = `${first.count} ${first.count === 1 ? 'message' : 'messages'} caught up in ${roomName(first)}`;
  return `${[start, ...others.map((other) => `${other.count} in ${roomName(other)}`)].join(', ')}.`;
}

function lossText(catchUp: CatchUp): string {
  const { lossReason } = catchUp;
  return lossReason === undefined ? '' : `Some messages were missed in ${roomName(catchUp)}: ${lossTexts[lossReason]}.`;
}

/** What became of what was said while one was away. Always there, so that a screen reader hears what comes into it. */
export function catchUpView({ catchUps, connection }: AppState, actions: Actions): TemplateResult {
  const losses = catchUps.map(lossText).filter((text) => text !== '');
  const texts = [...losses, caughtUpText(catchUps)].filter((text) => text !== '');
  // While there is no connection, that is what one has to know.
  const isShown = texts.length > 0 && connection.state === 'open';
  return html`
    <div role="status" aria-label="While you were away" data-testid="catch-up">
      ${
        isShown
          ? html`<div class="banner ${losses.length === 0 ? 'good' : ''}">
              ${losses.length === 0 ? icons.check : icons.warning}
              <div class="banner-text">${texts.map((text) => html`<p>${text}</p>`)}</div>
              <button
                class="button icon-only quiet small"
                aria-label="Dismiss"
                @click=${() => actions.dismissCatchUps()}
              >
                ${icons.close}
              </button>
            </div>`
          : nothing
      }
    </div>
  `;
}
