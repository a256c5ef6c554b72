import { makeId } from './make-id.js';
import type { AppState, Toast } from './state.js';

// More could not be read anyway, and would cover the page.
const maxToasts = 4;

/** Shows a toast, once; the oldest gives way. */
export function withToast(state: AppState, toast: Toast): AppState {
  if (state.toasts.some(({ id }) => id === toast.id)) return state;
  return { ...state, toasts: [...state.toasts, toast].slice(-maxToasts) };
}

/** Puts a toast away. */
export function withoutToast(state: AppState, id: string): AppState {
  return { ...state, toasts: state.toasts.filter((toast) => toast.id !== id) };
}

/** Something that went wrong and needs nothing but to be known. */
export const problemToast = (title: string, error: unknown): Toast => ({
  id: makeId(),
  kind: 'problem',
  title,
  body: error instanceof Error ? error.message : String(error),
});
