import { closeCodes, WscError, type ServerEnvelope, type WelcomeData } from '@nest-wsc/protocol';
import { toConnectionInfo, type CloseInfo, type ConnectionInfo, type ConnectionState } from './connection-state.js';
import { Connector, type Ending } from './connector.js';
import { ErrorReporter } from './error-reporter.js';
import { Exchange } from './exchange.js';
import type { Link, LinkEnd } from './link.js';
import { Listeners } from './listeners.js';
import { Liveness } from './liveness.js';
import type { ResolvedOptions } from './options.js';
import { isHidden, watchPage } from './page-lifecycle.js';
import { createDeferred, type Deferred } from './settle.js';
import { TokenSource, type TokenOrProvider } from './token-source.js';

/** For a server that says 0 or nothing: it does not ping, but the way to it may still break. */
const defaultPingIntervalMs = 30_000;

/** What survives a reconnect, and the states in between. */
export class Session {
  readonly errors = new ErrorReporter();
  readonly opened = this.#createListeners<[info: ConnectionInfo]>();
  readonly closed = this.#createListeners<[info: CloseInfo]>();
  readonly stateChanged = this.#createListeners<[state: ConnectionState, previous: ConnectionState]>();
  readonly exchange: Exchange;
  readonly tokens: TokenSource;
  readonly #options: ResolvedOptions;
  readonly #connector: Connector;
  #state: ConnectionState = 'idle';
  #info: ConnectionInfo | undefined;
  #link: Link | undefined;
  #liveness: Liveness | undefined;
  #connecting: Deferred<ConnectionInfo> | undefined;
  #closing: Promise<void> = Promise.resolve();
  #unwatchPage: (() => void) | undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.exchange = new Exchange(options, this.errors);
    this.tokens = new TokenSource(options.token);
    this.#connector = new Connector({
      options,
      tokens: this.tokens,
      connectTokens: new TokenSource(options.connectToken),
      events: {
        onUp: (link, welcome) => this.#onUp(link, welcome),
        onEnvelope: (envelope) => this.#onEnvelope(envelope),
        onInvalid: (error) => this.errors.report(error, { source: 'protocol' }),
        onLost: (end) => this.#onLost(end),
        onEnding: (ending) => this.#onEnding(ending),
      },
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get info(): ConnectionInfo | undefined {
    return this.#info;
  }

  /** Resolves when open; rejects when the client has stopped. Its rejection may be ignored. */
  connect(source: TokenOrProvider | undefined): Promise<ConnectionInfo> {
    if (source !== undefined) this.tokens.replace(source);
    if (this.#info !== undefined) return Promise.resolve(this.#info);
    const { promise } = (this.#connecting ??= createDeferred());
    if (this.#state === 'idle' || this.#state === 'closed') this.#begin();
    return promise;
  }

  /** Ends the wait between two attempts. */
  reconnectNow(): void {
    this.#connector.tryNow();
  }

  /** Twice is once. Resolves when the socket is closed. */
  close(): Promise<void> {
    if (this.#state === 'closed') return this.#closing;
    const wasOpen = this.#state === 'open';
    this.#closing = this.#connector.stop(closeCodes.normal);
    this.#finish(new WscError('WSC_UNAVAILABLE', { message: 'The client is closed.', details: { outcome: 'failed' } }));
    if (wasOpen) this.closed.emit(closeCodes.normal);
    return this.#closing;
  }

  #begin(): void {
    this.exchange.start();
    this.#watchPage();
    this.#setState('connecting');
    const start = (): void => {
      // A listener may have closed the client again.
      if (this.#state === 'connecting') this.#connector.start();
    };
    const loading = this.exchange.loadPositions();
    if (loading === undefined) start();
    else void loading.then(start);
  }

  #onUp(link: Link, welcome: WelcomeData): void {
    this.#link = link;
    this.#liveness = this.#watchLiveness(welcome.pingIntervalMs);
    this.exchange.connected(link, welcome, () => this.#onReady(link, toConnectionInfo(welcome)));
  }

  #onReady(link: Link, info: ConnectionInfo): void {
    // What waited may have been the end of it.
    if (this.#link !== link) return;
    this.#info = info;
    this.#setState('open');
    if (this.#link !== link) return;
    this.#connecting?.resolve(info);
    this.#connecting = undefined;
    this.opened.emit(info);
  }

  #onEnvelope(envelope: ServerEnvelope): void {
    this.#liveness?.heard();
    this.exchange.receive(envelope);
  }

  #onLost(end: LinkEnd): void {
    this.#forgetLink();
    this.exchange.disconnected(end);
  }

  #onEnding({ link, error, source, retryInMs }: Ending): void {
    const willRetry = retryInMs !== undefined;
    const wasOpen = this.#state === 'open';
    if (willRetry) this.#setState('reconnecting');
    else this.#finish(error);
    if (link !== undefined && wasOpen) {
      const { code, reason } = link;
      this.closed.emit({ code, reason, ...(willRetry ? { retryInMs } : { error }) });
    }
    if (!wasOpen || !willRetry) this.errors.report(error, { source, ...(willRetry && { retryInMs }) });
  }

  #finish(error: WscError): void {
    this.#forgetLink();
    this.#unwatchPage?.();
    this.#unwatchPage = undefined;
    const connecting = this.#connecting;
    this.#connecting = undefined;
    this.exchange.stop(error);
    connecting?.reject(error);
    this.#setState('closed');
  }

  #forgetLink(): void {
    this.#link = undefined;
    this.#info = undefined;
    this.#liveness?.stop();
    this.#liveness = undefined;
  }

  #watchLiveness(serverIntervalMs: number): Liveness {
    const { scheduler, pingIntervalMs, pongTimeoutMs, page } = this.#options;
    const liveness = new Liveness({
      scheduler,
      intervalMs: pingIntervalMs ?? (serverIntervalMs > 0 ? serverIntervalMs : defaultPingIntervalMs),
      timeoutMs: pongTimeoutMs,
      sendPing: () => this.exchange.ping(),
      onDead: () => this.#connector.reconnect(closeCodes.noPong),
    });
    if (isHidden(page)) liveness.pause();
    return liveness;
  }

  #watchPage(): void {
    const { page } = this.#options;
    if (page === undefined) return;
    this.#unwatchPage = watchPage(page, {
      onAwake: () => {
        this.#connector.wake();
        if (!isHidden(page)) this.#liveness?.resume();
        this.#liveness?.checkNow();
      },
      onHidden: () => {
        this.#liveness?.pause();
        // A page may be ended without a word once it is hidden.
        this.exchange.savePositions();
      },
      onOffline: () => this.#liveness?.checkNow(),
      onLeave: () => {
        this.exchange.savePositions();
        this.#connector.suspend();
      },
      onReturn: () => this.#connector.resume(),
    });
  }

  #setState(state: ConnectionState): void {
    const previous = this.#state;
    if (previous === state) return;
    this.#state = state;
    this.stateChanged.emit(state, previous);
  }

  #createListeners<Arguments extends readonly unknown[]>(): Listeners<Arguments> {
    return new Listeners((thrown) => this.errors.reportThrown(thrown));
  }
}
