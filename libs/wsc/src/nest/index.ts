export { WscConfigError, type ConfigFault } from './config/config-fault.js';
export type { DevicePolicyText } from './config/device-policy-text.js';
export type { LiveSettings } from './config/live-settings.js';
export { wscConfig } from './config/wsc-config.factory.js';
export { WscConfigService, type WscConfigListener } from './config/wsc-config.service.js';
export { describeSource, resolveWscConfig, type SettingSource } from './config/wsc-options.js';
export type { WscConfig, WscJwtOptions, WscModuleOptions } from './config/wsc-options.js';
export { OnConnect, OnDisconnect, OnWscEvent } from './decorators/hooks.decorators.js';
export { Idempotent } from './decorators/idempotent.decorator.js';
export type { IdempotentOptions, OrderOptions } from './decorators/marks.js';
export { clientOf, ConnectionMeta, CurrentMessage, CurrentUser, principalOf } from './decorators/params.decorators.js';
export {
  RoomPolicy,
  WscInterceptor,
  WscMiddleware,
  WscUpgradeMiddleware,
  type RoomPolicyOptions,
} from './decorators/providers.decorators.js';
export { mapException } from './errors/map-exception.js';
export { JwtConnectGuard } from './guards/jwt-connect.guard.js';
export { HubService } from './hub.service.js';
export { NestLogger } from './nest-logger.js';
export { WscAdapter } from './wsc.adapter.js';
export { WscModule } from './wsc.module.js';
