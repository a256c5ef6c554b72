import type { ServerOptions as HttpsOptions } from 'node:https';
import type { RedisOptions } from '@nest-wsc/redis';
import type { JwtOptions } from '../../access/index.js';
import type { Handshake } from '../../core/connect/handshake.js';
import type { HubOptions } from '../../core/hub-options.js';
import type { MaybePromise } from '../../core/async/maybe-promise.js';
import type { SettingSource } from './setting-source.js';
import type { SettingName, WscSettings } from './wsc-settings.js';

/** Who may connect from where. */
export interface WscAccessConfig {
  readonly origins: readonly string[];
  readonly allowAllOrigins: boolean;
  readonly isProduction: boolean;
  readonly checkOrigin: ((handshake: Handshake) => MaybePromise<boolean>) | undefined;
  readonly ipAllow: readonly string[];
  readonly ipDeny: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Undefined: tokens are checked by the application's authenticator, or not at all. */
  readonly jwt: JwtOptions | undefined;
}

/** How bytes come in and go out. */
export interface WscTransportConfig {
  readonly compression: boolean;
  readonly defaultProtocol: string;
  /** TLS of the own port. */
  readonly https: HttpsOptions | undefined;
}

/** The whole configuration, checked and frozen, as the parts of the library take it. */
export interface WscConfig {
  readonly enabled: boolean;
  readonly path: string;
  /** Undefined: the HTTP server's. */
  readonly port: number | undefined;
  /** Of the own port. Undefined: all addresses. */
  readonly host: string | undefined;
  readonly hub: HubOptions;
  readonly access: WscAccessConfig;
  readonly transport: WscTransportConfig;
  /** Undefined: everything is in memory, and this node is alone. */
  readonly redis: RedisOptions | undefined;
  /** The same, flat, without the keys, so that it can be shown. */
  readonly settings: Omit<WscSettings, 'jwtSecret' | 'jwtPublicKey' | 'redisUrl'>;
  /** Where each setting came from. */
  readonly sources: ReadonlyMap<SettingName, SettingSource>;
  /** What a person should know at the start. */
  readonly warnings: readonly string[];
}
