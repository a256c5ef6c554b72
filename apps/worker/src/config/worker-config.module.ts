import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { WorkerConfig } from './worker-config.js';

/** Injection token of {@link WorkerConfig}, which exists only as a type. */
export const WORKER_CONFIG = Symbol('WorkerConfig');

/** Makes the settings that were read before Nest started injectable everywhere. */
@Global()
@Module({})
export class WorkerConfigModule {
  static forRoot(config: WorkerConfig): DynamicModule {
    return {
      module: WorkerConfigModule,
      providers: [{ provide: WORKER_CONFIG, useValue: config }],
      exports: [WORKER_CONFIG],
    };
  }
}
