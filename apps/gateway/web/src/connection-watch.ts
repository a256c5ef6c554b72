import type { AnyEvents, WscClient } from '@nest-wsc/client';
import type { GatewayRequests } from './gateway-contract.js';
import type { AppState, ConnectionStatus } from './state.js';
import type { Store } from './store.js';

export type GatewayClient = WscClient<AnyEvents, GatewayRequests>;

/** Shows how the connection is: which attempt, how many seconds until the next one, why it ended for good. */
export class ConnectionWatch {
  readonly #store: Store<AppState>;
  #retryAt = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(store: Store<AppState>) {
    this.#store = store;
  }

  attach(client: GatewayClient): void {
    client.onStateChange((state) => {
      if (state !== 'reconnecting') this.#stopCountdown();
      this.#show({ state, ...(state === 'open' && { attempt: 0 }) });
    });
    client.onClose(({ retryInMs }) => {
      if (retryInMs !== undefined) this.#waitFor(retryInMs);
    });
    // Failed attempts, and the error that ends all attempts.
    client.onError((error, { source, retryInMs }) => {
      if (source !== 'connection' && source !== 'token') return;
      if (retryInMs === undefined) this.#show({ reason: error.message });
      else this.#waitFor(retryInMs);
    });
  }

  detach(): void {
    this.#stopCountdown();
    this.#store.update((state) => ({ ...state, connection: { state: 'idle', attempt: 0 } }));
  }

  /** Somebody does not want to wait. */
  tryingNow(): void {
    if (this.#timer === undefined) return;
    this.#retryAt = 0;
    this.#tick();
  }

  #waitFor(delayMs: number): void {
    this.#stopCountdown();
    this.#retryAt = Date.now() + delayMs;
    this.#show({ attempt: this.#store.state.connection.attempt + 1 });
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), 250);
  }

  #tick(): void {
    const secondsLeft = Math.max(0, Math.ceil((this.#retryAt - Date.now()) / 1000));
    if (this.#store.state.connection.secondsLeft === secondsLeft) return;
    this.#show({ secondsLeft });
  }

  #stopCountdown(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#store.update((state) => {
      const { secondsLeft: _secondsLeft, ...connection } = state.connection;
      return { ...state, connection };
    });
  }

  #show(change: Partial<ConnectionStatus>): void {
    this.#store.update((state) => ({ ...state, connection: { ...state.connection, ...change } }));
  }
}
