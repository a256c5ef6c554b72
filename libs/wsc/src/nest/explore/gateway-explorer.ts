import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import { Hub } from '../../core/index.js';
import { WscConfigService } from '../config/wsc-config.service.js';
import type { WscModuleOptions } from '../config/wsc-options.js';
import { GuardRunner, type GuardSet } from '../handlers/guard-runner.js';
import { MethodBinder } from '../handlers/method-binder.js';
import { RequestScopes } from '../handlers/request-scopes.js';
import { HubService } from '../hub.service.js';
import { containerOf } from '../nest-container.js';
import { NestLogger } from '../nest-logger.js';
import { wscOptionsToken } from '../tokens.js';
import { guardBuiltIns } from './built-in-guard.js';
import { addGuards, registerConnectGuards } from './connect-guards.js';
import { registerConnectionHooks, registerStockHooks } from './connection-hooks.js';
import { findGateways, findHosts, type Gateway, type Host } from './gateway.js';
import { HandshakeMemory } from './handshake-memory.js';
import { registerMarkedProviders } from './marked-providers.js';
import { registerMessages } from './message-routes.js';
import { assignServer } from './server-properties.js';

/** Finds what the application's providers say with decorators, and registers it with the hub: once, at bootstrap. */
@Injectable()
export class GatewayExplorer {
  readonly #logger = new NestLogger();
  readonly #hub: Hub;
  readonly #hubService: HubService;
  readonly #moduleRef: ModuleRef;
  readonly #modules: ModulesContainer;
  readonly #appConfig: ApplicationConfig;
  readonly #options: WscModuleOptions;
  readonly #scopes: RequestScopes;
  readonly #guards: GuardRunner;
  readonly #defaultPath: string;
  #hosts: readonly Host[] = [];
  #gateways: readonly Gateway[] = [];

  constructor(
    @Inject(Hub) hub: Hub,
    @Inject(HubService) hubService: HubService,
    @Inject(ModuleRef) moduleRef: ModuleRef,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(ApplicationConfig) appConfig: ApplicationConfig,
    @Inject(WscConfigService) config: WscConfigService,
    @Inject(wscOptionsToken) options: WscModuleOptions,
  ) {
    this.#hub = hub;
    this.#hubService = hubService;
    this.#moduleRef = moduleRef;
    this.#modules = modules;
    this.#appConfig = appConfig;
    this.#options = options;
    this.#defaultPath = config.current.path;
    this.#scopes = new RequestScopes(moduleRef, appConfig);
    this.#guards = new GuardRunner({ scopes: this.#scopes, config: appConfig, moduleRef });
  }

  /** Makes the endpoints known: those of the gateways, or the configured one where there is no gateway. */
  findEndpoints(): readonly string[] {
    this.#hosts = findHosts(this.#modules);
    this.#gateways = findGateways(this.#hosts, this.#defaultPath, this.#logger).map((gateway) => ({
      ...gateway,
      path: this.#hub.paths.add({ pattern: gateway.path }).pattern,
    }));
    if (this.#gateways.length === 0) this.#hub.paths.add({ pattern: this.#defaultPath });
    return this.#hub.paths.patterns;
  }

  /** @throws {Error} for what cannot hold as it is written, so that the application does not start. */
  async register(): Promise<void> {
    await this.#registerGuards();
    registerMarkedProviders(this.#hub, this.#hosts);
    this.#registerHandlers();
    guardBuiltIns(this.#hub, this.#guards, this.#gateways);
  }

  async #registerGuards(): Promise<void> {
    const { connect, connectGuards } = this.#options;
    const [hub, runner] = [this.#hub, this.#guards];
    const add = (guards: GuardSet['guards']): void => {
      addGuards({ hub, runner, set: { guards, classRef: GatewayExplorer, handler: GatewayExplorer } });
    };
    if (connect?.globalGuards === true) add(runner.globalGuards());
    add(await runner.guardsFrom(connectGuards ?? []));
    for (const host of this.#allHosts()) registerConnectGuards(hub, runner, host);
  }

  #registerHandlers(): void {
    const binder = new MethodBinder({
      container: containerOf(this.#moduleRef),
      config: this.#appConfig,
      scopes: this.#scopes,
      logger: this.#logger,
    });
    const handshakes = new HandshakeMemory(this.#hub);
    const tools = { hub: this.#hub, scopes: this.#scopes, binder, handshakes };
    for (const gateway of this.#gateways) {
      assignServer(tools, gateway, this.#hubService);
      registerStockHooks(tools, gateway);
      registerMessages(this.#hub, binder, gateway);
    }
    for (const host of this.#allHosts()) registerConnectionHooks(tools, host);
    handshakes.forgetOnceConnected();
  }

  /** Gateways with their paths, then all other providers. */
  #allHosts(): readonly Host[] {
    const gateways = new Set(this.#gateways.map(({ wrapper }) => wrapper));
    return [...this.#gateways, ...this.#hosts.filter(({ wrapper }) => !gateways.has(wrapper))];
  }
}
