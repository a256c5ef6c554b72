export { resolveWscConfig } from './config/resolve-config.js';
export { describeSource, type SettingSource } from './config/setting-source.js';
export { WscConfigService } from './config/wsc-config.service.js';
export type { WscConfig, WscModuleOptions } from './config/wsc-options.js';
export { OnConnect, OnDisconnect, OnWscEvent } from './decorators/hooks.decorators.js';
export type { OrderOptions } from './decorators/marks.js';
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
export type { DataUpdate, Notification } from './messages.js';
export { WscAdapter } from './wsc.adapter.js';
export { WscModule } from './wsc.module.js';
