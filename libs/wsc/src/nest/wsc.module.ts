import { ConfigurableModuleBuilder, Module, type DynamicModule } from '@nestjs/common';
import { ApplicationConfig, ModuleRef, ModulesContainer } from '@nestjs/core';
import { Hub } from '../core/index.js';
import { WscConfigService } from './config/wsc-config.service.js';
import type { WscModuleOptions } from './config/wsc-options.js';
import { createHub } from './create-hub.js';
import { GatewayExplorer } from './explore/gateway-explorer.js';
import { HubService } from './hub.service.js';
import { WscLifecycle } from './lifecycle/wsc-lifecycle.js';
import { WscServer } from './lifecycle/wsc-server.js';
import { absentable, startLast } from './nest-container.js';
import { NestLogger } from './nest-logger.js';
import { wscOptionsToken } from './tokens.js';
import { WscAdapter } from './wsc.adapter.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<WscModuleOptions>({
  optionsInjectionToken: wscOptionsToken,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Makes a Nest application a WebSocket gateway. Import it once, as `WscModule.forRoot()` or `forRootAsync(...)`; it is global.
 * Installs the {@link WscAdapter} by itself.
 */
@Module({
  providers: [
    // What forRoot and forRootAsync add comes in its place.
    {
      provide: wscOptionsToken,
      useFactory: (): never => {
        throw new Error('Import WscModule.forRoot() or WscModule.forRootAsync(...), not WscModule itself.');
      },
    },
    {
      provide: WscConfigService,
      inject: [wscOptionsToken],
      useFactory: (options: WscModuleOptions) => new WscConfigService(options),
    },
    {
      provide: Hub,
      inject: [WscConfigService, wscOptionsToken],
      useFactory: (config: WscConfigService, options: WscModuleOptions) => createHub(config, options, new NestLogger()),
    },
    HubService,
    GatewayExplorer,
    WscServer,
    WscLifecycle,
  ],
  exports: [HubService, WscConfigService],
})
export class WscModule extends ConfigurableModuleClass {
  constructor(moduleRef: ModuleRef, modules: ModulesContainer, config: ApplicationConfig) {
    super();
    assertOnce(modules);
    startLast(modules, WscModule);
    // An adapter that the application has set stays; if it is of another kind, the start ends with an error that says so.
    if ((absentable(config.getIoAdapter()) ?? undefined) === undefined) config.setIoAdapter(new WscAdapter(moduleRef));
  }

  /** @param options win over the environment, which wins over the configuration file (docs/configuration.md). */
  static override forRoot(options: WscModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }
}

function assertOnce(modules: ModulesContainer): void {
  const count = [...modules.values()].filter(({ metatype }) => metatype === WscModule).length;
  if (count > 1) {
    throw new Error(
      'WscModule is imported more than once. Call forRoot() or forRootAsync() once, in the root module; it is global.',
    );
  }
}
