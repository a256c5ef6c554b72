import type { Page } from '../page-lifecycle.js';

class CountingTarget extends EventTarget {
  listenerCount = 0;

  override addEventListener(type: string, listener: () => void): void {
    this.listenerCount += 1;
    super.addEventListener(type, listener);
  }

  override removeEventListener(type: string, listener: () => void): void {
    this.listenerCount -= 1;
    super.removeEventListener(type, listener);
  }
}

/** A page whose events a test makes. */
export class FakePage implements Page {
  readonly window = new CountingTarget();
  readonly document = Object.assign(new CountingTarget(), { visibilityState: 'visible' });
  readonly navigator = { onLine: true };

  get listenerCount(): number {
    return this.window.listenerCount + this.document.listenerCount;
  }

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
