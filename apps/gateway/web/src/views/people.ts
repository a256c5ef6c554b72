import { html, type TemplateResult } from 'lit-html';

const hueCount = 8;

/** The same colour for the same person, everywhere. */
function hueOf(userId: string): number {
  let hash = 0;
  for (const char of userId) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return hash % hueCount;
}

/** One or two letters in the person's colour. */
export function avatar(userId: string): TemplateResult {
  const parts = userId.split(/[^\p{L}\p{N}]+/u).filter((part) => part !== '');
  const letters = parts.length > 1 ? parts.slice(0, 2).map((part) => part[0] ?? '') : Array.from(userId).slice(0, 2);
  return html`<span class="avatar hue-${hueOf(userId)}" aria-hidden="true">${letters.join('').toUpperCase()}</span>`;
}
