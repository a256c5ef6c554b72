import type { Unsubscribe } from './listeners.js';

/** Where page events come from: `addEventListener` of `window` and `document`. */
export interface PageEventTarget {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** The page around the client. Node has none. */
export interface Page {
  readonly window: PageEventTarget;
  readonly document: PageEventTarget & { readonly visibilityState: string };
  readonly navigator: { readonly onLine: boolean };
}

/** What a page tells the client. */
export interface PageHandlers {
  /** Somebody looks again, or the network is back: a good moment to see whether the connection lives. */
  onAwake(): void;
  onHidden(): void;
  /** The network is gone, so the page believes. */
  onOffline(): void;
  /** The page goes away, perhaps into the back/forward cache, which takes no page with an open connection. */
  onLeave(): void;
  /** The page is shown, perhaps from the back/forward cache. */
  onReturn(): void;
}

/** The page that this code runs in, if any. */
export function findPage(): Page | undefined {
  if (typeof window === 'undefined' || typeof document === 'undefined') return undefined;
  return { window, document, navigator };
}

/** Hears a page's events until the returned function is called. */
export function watchPage(page: Page, handlers: PageHandlers): Unsubscribe {
  const { window, document } = page;
  const subscriptions: readonly (readonly [PageEventTarget, string, () => void])[] = [
    [document, 'visibilitychange', () => (isHidden(page) ? handlers.onHidden() : handlers.onAwake())],
    [window, 'online', () => handlers.onAwake()],
    [window, 'offline', () => handlers.onOffline()],
    [window, 'pagehide', () => handlers.onLeave()],
    [window, 'pageshow', () => handlers.onReturn()],
  ];
  for (const [target, type, listener] of subscriptions) target.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of subscriptions) target.removeEventListener(type, listener);
  };
}

/** Whether nobody sees the page. Without a page: no. */
export function isHidden(page: Page | undefined): boolean {
  return page?.document.visibilityState === 'hidden';
}

/** Whether the machine believes that it has no network. Without a page: no. */
export function isOffline(page: Page | undefined): boolean {
  return page?.navigator.onLine === false;
}
