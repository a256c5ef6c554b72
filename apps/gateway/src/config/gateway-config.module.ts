import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { GatewayConfig } from './gateway-config.js';

/** Injection token of {@link GatewayConfig}, which exists only as a type. */
export const GATEWAY_CONFIG = Symbol('GatewayConfig');

/** Makes the settings that were read before Nest started injectable everywhere. */
@Global()
@Module({})
export class GatewayConfigModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    return {
      module: GatewayConfigModule,
      providers: [{ provide: GATEWAY_CONFIG, useValue: config }],
      exports: [GATEWAY_CONFIG],
    };
  }
}
