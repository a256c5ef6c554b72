/** What the rest of the Nest layer uses of the configuration. */
export type { WscJwtOptions, WscModuleOptions } from './module-options.js';
export { resolveWscConfig } from './resolve-config.js';
export { describeSource, type SettingSource } from './setting-source.js';
export type { WscConfig } from './wsc-config.js';
