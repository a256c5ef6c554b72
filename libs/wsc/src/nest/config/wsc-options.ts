/** What the rest of the Nest layer uses of the configuration. */
export type { WscCodeOptions, WscJwtOptions, WscModuleOptions, WscSettingOptions } from './module-options.js';
export { resolveWscConfig } from './resolve-config.js';
export { describeSource, type SettingSource } from './setting-source.js';
export type { WscAccessConfig, WscConfig, WscTransportConfig } from './wsc-config.js';
