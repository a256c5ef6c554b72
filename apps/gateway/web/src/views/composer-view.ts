import { html, type TemplateResult } from 'lit-html';
import { ref } from 'lit-html/directives/ref.js';
import type { Actions } from '../actions.js';
import { roomLabel } from '../gateway-contract.js';
import type { Conversation } from '../state.js';
import { readForm, resetForm } from './forms.js';
import { icons } from './icons.js';

/** Enter sends, Shift+Enter breaks the line; an Enter that ends the choice of a character is neither. */
function sendOnEnter(event: KeyboardEvent): void {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (event.target instanceof HTMLTextAreaElement) event.target.form?.requestSubmit();
}

/**
 * Who opens a conversation wants to write. Not on a phone, whose keyboard would cover what is to be read first, and not
 * while somebody writes in the admin corner, when a conversation that ended gives way to another.
 */
function focusOnceShown(field: Element | undefined): void {
  if (!(field instanceof HTMLElement) || !matchMedia('(hover: hover) and (pointer: fine)').matches) return;
  // It is in the page only after its template was rendered, and what is not can't have the focus.
  queueMicrotask(() => {
    const isAdminWriting = document.querySelector('.admin')?.contains(document.activeElement) ?? false;
    if (!isAdminWriting) field.focus();
  });
}

/** Where one writes. */
export function composerView(conversation: Conversation, actions: Actions): TemplateResult {
  const name = conversation.kind === 'room' ? `#${roomLabel(conversation.name)}` : conversation.name;
  const submit = (event: SubmitEvent): void => {
    const text = readForm(event)['text']?.trim() ?? '';
    if (text === '') return;
    resetForm(event);
    void actions.say(conversation, text);
  };
  return html`
    <form class="composer" @submit=${submit}>
      <textarea
        name="text"
        rows="1"
        maxlength="4000"
        aria-label="Message to ${name}"
        placeholder="Message to ${name}"
        @keydown=${sendOnEnter}
        ${ref(focusOnceShown)}
      ></textarea>
      <button class="button primary icon-only" aria-label="Send">${icons.send}</button>
    </form>
  `;
}
