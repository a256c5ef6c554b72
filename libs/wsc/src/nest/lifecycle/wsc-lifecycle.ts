import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { Hub } from '../../core/index.js';
import { WscConfigService } from '../config/wsc-config.service.js';
import { GatewayExplorer } from '../explore/gateway-explorer.js';
import { absentable, httpAdapterOf } from '../nest-container.js';
import { NestLogger } from '../nest-logger.js';
import { WscAdapter } from '../wsc.adapter.js';
import { WscServer } from './wsc-server.js';

/**
 * Starts the hub once every other module has started, and drains it before any provider is destroyed, so that handlers always
 * find what they use (docs/shutdown.md).
 */
@Injectable()
export class WscLifecycle implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  readonly #logger = new NestLogger();
  readonly #hub: Hub;
  readonly #explorer: GatewayExplorer;
  readonly #server: WscServer;
  readonly #config: WscConfigService;
  readonly #appConfig: ApplicationConfig;
  readonly #adapterHost: HttpAdapterHost;
  #draining: Promise<void> | undefined;

  constructor(
    @Inject(Hub) hub: Hub,
    @Inject(GatewayExplorer) explorer: GatewayExplorer,
    @Inject(WscServer) server: WscServer,
    @Inject(WscConfigService) config: WscConfigService,
    @Inject(ApplicationConfig) appConfig: ApplicationConfig,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
  ) {
    this.#hub = hub;
    this.#explorer = explorer;
    this.#server = server;
    this.#config = config;
    this.#appConfig = appConfig;
    this.#adapterHost = adapterHost;
  }

  onModuleInit(): void {
    if (!this.#config.current.enabled) return;
    this.#server.serveChecks(this.#explorer.findEndpoints());
    this.#drainBeforeClose();
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.#config.current.enabled) {
      this.#logger.info('WebSockets are switched off (WSC_ENABLED=false).');
      return;
    }
    this.#assertAdapter();
    await this.#explorer.register();
    // `app.close()` may come while the application starts; nobody would end what begins after it.
    if (this.#isEnding()) return;
    await this.#hub.start();
    if (!this.#isEnding()) await this.#listen();
  }

  /** Where there is no HTTP server, this is the first to know of the end; this module's hooks come before all others. */
  async onModuleDestroy(): Promise<void> {
    await this.drain();
  }

  /** Last, so that the destroy hooks of other providers may still send through a broker. */
  async onApplicationShutdown(): Promise<void> {
    await this.#quietly(() => this.#hub.close());
  }

  /** Refuses upgrades, lets handlers finish, closes every connection with 1012. A second call is the same drain. Never fails. */
  drain(): Promise<void> {
    return (this.#draining ??= this.#drain());
  }

  async #drain(): Promise<void> {
    const hasRun = this.#hub.isRunning;
    const connections = this.#hub.stats().totalClients;
    const startedAt = performance.now();
    await this.#quietly(() => this.#hub.drain());
    await this.#quietly(() => this.#server.close());
    if (hasRun)
      this.#logger.info('WebSockets are drained.', { connections, ms: Math.round(performance.now() - startedAt) });
  }

  /** `app.close()` awaits this before any destroy hook, and before the server stops listening. */
  #drainBeforeClose(): void {
    const adapter = httpAdapterOf(this.#adapterHost);
    if (adapter === undefined) return;
    const before = adapter.beforeClose?.bind(adapter);
    adapter.beforeClose = async () => {
      await before?.();
      await this.drain();
    };
  }

  async #listen(): Promise<void> {
    try {
      this.#announce(await this.#server.listen());
    } catch (error) {
      if (!this.#isEnding()) throw error;
    }
  }

  #isEnding(): boolean {
    return this.#draining !== undefined;
  }

  #assertAdapter(): void {
    const adapter: object | null | undefined = absentable(this.#appConfig.getIoAdapter());
    if (adapter instanceof WscAdapter || adapter === null || adapter === undefined) return;
    throw new Error(
      `WscModule serves this application's gateways, but ${adapter.constructor.name} is set as their adapter. ` +
        'Remove app.useWebSocketAdapter(...), or give it a WscAdapter.',
    );
  }

  #announce(place: string): void {
    const { auth, limits } = this.#hub.options;
    this.#logger.info('WebSockets are ready.', {
      paths: this.#hub.paths.patterns.join(' '),
      on: place,
      auth,
      maxConnections: limits.maxConnections,
    });
  }

  async #quietly(end: () => Promise<void>): Promise<void> {
    try {
      await end();
    } catch (cause) {
      this.#logger.error('WebSockets did not end as they should.', { cause });
    }
  }
}
