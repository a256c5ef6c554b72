import type { Page } from '../page-lifecycle.js';

/** A page whose events a test makes. */
export class FakePage implements Page {
  readonly window = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  readonly navigator = { onLine: true };

  hide(): void {
    this.document.visibilityState = 'hidden';
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  show(): void {
    this.document.visibilityState = 'visible';
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  emit(type: 'online' | 'offline' | 'pagehide' | 'pageshow'): void {
    if (type === 'online' || type === 'offline') this.navigator.onLine = type === 'online';
    this.window.dispatchEvent(new Event(type));
  }
}
