import { type DynamicModule, Module } from '@nestjs/common';
import { HttpModule } from '@nest-wsc/demo-service';
import { WscModule, type WscModuleOptions } from '@nest-wsc/wsc';
import { ApiModule } from './api/api.module.js';
import { AuthModule } from './auth/auth.module.js';
import { ChatModule } from './chat/chat.module.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { GatewayConfigModule } from './config/gateway-config.module.js';
import { HealthController } from './health/health.controller.js';
import { StatsController } from './stats/stats.controller.js';

/** The demo gateway: HTTP controllers and WebSocket gateways side by side. */
@Module({})
export class AppModule {
  static forRoot(config: GatewayConfig, wsc: WscModuleOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        GatewayConfigModule.forRoot(config),
        WscModule.forRoot(wsc),
        HttpModule,
        AuthModule,
        ApiModule,
        ChatModule,
      ],
      controllers: [StatsController, HealthController],
    };
  }
}
