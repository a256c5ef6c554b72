import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit-html';

const icon = (paths: SVGTemplateResult): TemplateResult =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${paths}</svg>`;

export const icons = {
  back: icon(svg`<path d="m14.5 5-7 7 7 7" />`),
  bell: icon(svg`<path d="M6 10a6 6 0 1 1 12 0c0 5 2 6 2 6H4s2-1 2-6Zm4 10a2.2 2.2 0 0 0 4 0" />`),
  check: icon(svg`<path d="m5 12.5 4.5 4.5L19 7.5" />`),
  close: icon(svg`<path d="M6 6l12 12M18 6 6 18" />`),
  chat: icon(svg`<path d="M4 5h16v11H10l-5 4v-4H4V5Z" />`),
  hash: icon(svg`<path d="M5 9h14M5 15h14M10 4 8 20M16 4l-2 16" />`),
  megaphone: icon(svg`<path d="M4 10v4h3l9 5V5l-9 5H4Zm15-1a4 4 0 0 1 0 6" />`),
  plus: icon(svg`<path d="M12 5v14M5 12h14" />`),
  send: icon(svg`<path d="M5 12 4 4l17 8-17 8 1-8Zm0 0h7" />`),
  shield: icon(svg`<path d="M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6l-7-3Z" />`),
  update: icon(svg`<path d="M20 12a8 8 0 1 1-2.3-5.6M20 4v4h-4" />`),
  warning: icon(svg`<path d="M12 4 3 19h18L12 4Zm0 6v4m0 2.5v.5" />`),
} as const;

/** The sign of nest-wsc. */
export const logo = html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="9" />
  <path d="M8 20.5c2.6 0 2.6-9 5.3-9s2.7 9 5.4 9 2.7-9 5.3-9" />
</svg>`;
