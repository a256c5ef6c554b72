import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Actions } from '../actions.js';
import type { AppState, Conversation, Entry } from '../state.js';
import { keepAtEnd } from './keep-at-end.js';
import { avatar } from './people.js';

// Messages of one person within so long stand together under one name.
const togetherMs = 5 * 60_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function isFirstOfGroup(entry: Entry, before: Entry | undefined): boolean {
  return before?.kind !== 'message' || before.from !== entry.from || entry.at - before.at > togetherMs;
}

function deliveryView(conversation: Conversation, entry: Entry, actions: Actions): TemplateResult | typeof nothing {
  switch (entry.delivery) {
    case 'received':
      return nothing;
    case 'sending':
      return html`<span class="delivery">waiting …</span>`;
    case 'sent':
      return html`<span class="delivery" title="The gateway has it">✓<span class="visually-hidden">sent</span></span>`;
    case 'failed':
    case 'not-stored':
      return html`<button class="link-button bad" @click=${() => void actions.sayAgain(conversation, entry)}>
        ${entry.delivery === 'failed' ? 'Not sent.' : 'Not stored.'} Try again
      </button>`;
  }
}

interface EntryContext {
  readonly conversation: Conversation;
  readonly me: string | undefined;
  readonly actions: Actions;
}

function entryView(
  entry: Entry,
  before: Entry | undefined,
  { conversation, me, actions }: EntryContext,
): TemplateResult {
  if (entry.kind === 'notice') return html`<li class="notice">${entry.text}</li>`;
  const isOwn = entry.from === me;
  const isFirst = isFirstOfGroup(entry, before);
  return html`
    <li class="entry" ?data-own=${isOwn} ?data-first=${isFirst} data-delivery=${entry.delivery}>
      <div class="entry-face">${isFirst && !isOwn ? avatar(entry.from) : nothing}</div>
      <div class="entry-body">
        ${
          isFirst
            ? html`<p class="entry-head">
                <span class=${isOwn ? 'visually-hidden' : 'entry-from'}>${isOwn ? 'You' : entry.from}</span>
                <time datetime=${new Date(entry.at).toISOString()}>${clock.format(entry.at)}</time>
              </p>`
            : nothing
        }
        <div class="bubble-line">
          <p class="bubble">${entry.text}</p>
          ${deliveryView(conversation, entry, actions)}
        </div>
      </div>
    </li>
  `;
}

function emptyText({ kind, hasHistory, failedJoins }: Conversation): string {
  if (failedJoins > 0) return 'What was said here is shown once the room can be opened.';
  return kind === 'room' && hasHistory
    ? 'Nothing said yet.'
    : 'Nothing said since you came. Earlier messages are not kept.';
}

/** Entries from one index to another. */
function listView(context: EntryContext, from: number, to?: number): TemplateResult {
  const { entries } = context.conversation;
  return html`<ol>
    ${repeat(
      entries.slice(from, to),
      ({ id }) => id,
      (entry, index) => entryView(entry, entries[from + index - 1], context),
    )}
  </ol>`;
}

/** What was said before. A screen reader reads it when it is asked to, not as it comes. */
function earlierView(context: EntryContext, count: number): TemplateResult {
  return html`<section aria-label="Earlier messages" aria-live="off" data-testid="earlier">
    <p class="divider"><span>Earlier messages</span></p>
    ${listView(context, 0, count)}
  </section>`;
}

/** What was said, oldest first. */
export function entriesView(conversation: Conversation, state: AppState, actions: Actions): TemplateResult {
  const { entries } = conversation;
  const earlierCount = entries.filter(({ isEarlier }) => isEarlier === true).length;
  const context = { conversation, me: state.session?.userId, actions };
  return html`
    <div
      class="entries"
      role="log"
      aria-label="Messages"
      tabindex="0"
      data-testid="entries"
      ${keepAtEnd(entries.length)}
    >
      ${entries.length === 0 ? html`<p class="empty">${emptyText(conversation)}</p>` : nothing}
      ${earlierCount === 0 ? nothing : earlierView(context, earlierCount)}
      ${earlierCount > 0 && earlierCount < entries.length ? html`<p class="divider"><span>New</span></p>` : nothing}
      ${listView(context, earlierCount)}
    </div>
  `;
}
