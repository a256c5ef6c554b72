import { ConfigurableModuleBuilder, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { WscPublisher, type WscPublisherOptions } from '../wsc-publisher.js';
import { NestPublisherLog } from './nest-publisher-log.js';

const optionsToken = Symbol('WscPublisherModuleOptions');

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<WscPublisherOptions>({
  optionsInjectionToken: optionsToken,
})
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/**
 * Gives a Nest application the {@link WscPublisher}: import it once, as `WscPublisherModule.forRoot({ redis })` or `forRootAsync(...)`,
 * and inject the publisher anywhere. It is closed last of all, so that what still runs at shutdown can publish.
 */
@Module({
  providers: [
    {
      provide: WscPublisher,
      inject: [optionsToken],
      useFactory: async (options: WscPublisherOptions) =>
        WscPublisher.open({ log: new NestPublisherLog(), ...options }),
    },
  ],
  exports: [WscPublisher],
})
export class WscPublisherModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(@Inject(WscPublisher) private readonly publisher: WscPublisher) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.publisher.close();
  }
}
