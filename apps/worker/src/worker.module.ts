import { type DynamicModule, Module } from '@nestjs/common';
import { HttpModule } from '@nest-wsc/demo-service';
import { WscPublisherModule } from '@nest-wsc/publisher/nest';
import { WorkerConfigModule } from './config/worker-config.module.js';
import type { WorkerConfig } from './config/worker-config.js';
import { HealthController } from './health/health.controller.js';
import { JobsModule } from './jobs/jobs.module.js';

/** A service that holds no sockets: jobs come by HTTP into a queue, and what they do is told to users through the gateways. */
@Module({})
export class WorkerModule {
  static forRoot(config: WorkerConfig): DynamicModule {
    const { redisUrl: url, redisPrefix: prefix } = config;
    return {
      module: WorkerModule,
      imports: [
        WorkerConfigModule.forRoot(config),
        WscPublisherModule.forRoot({ redis: { url, prefix } }),
        HttpModule,
        JobsModule,
      ],
      controllers: [HealthController],
    };
  }
}
