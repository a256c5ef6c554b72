import { registerAs } from '@nestjs/config';
import type { Environment } from './environment-layer.js';
import type { WscModuleOptions } from './module-options.js';
import { loadedValues } from './option-layer.js';
import { authModeOf } from './resolve-config.js';
import { loadNamedFile, resolveSettings } from './resolve-settings.js';

/** What `wscConfig` loads: options for `WscModule` with every setting that has a value. */
export type LoadedWscOptions = WscModuleOptions & { readonly [loadedValues]: Readonly<Record<string, unknown>> };

/**
 * The namespace `wsc` of `@nestjs/config`: `ConfigModule.forRoot({ load: [wscConfig] })` makes `ConfigService.get('wsc.path')`
 * answer what holds, and `WscModule.forRootAsync(wscConfig.asProvider())` starts with it. In a factory of your own, spread it and
 * add what only code can give: `useFactory: (loaded) => ({ ...loaded, authenticator })`.
 */
export const wscConfig = registerAs('wsc', () => loadWscOptions(process.env));

/** @throws {WscConfigError} naming everything that is wrong. */
function loadWscOptions(environment: Environment): LoadedWscOptions {
  const file = loadNamedFile({}, environment);
  const { settings } = resolveSettings({ options: {}, environment, file });
  const values = Object.assign({}, settings, { auth: authModeOf(settings, {}) });
  const { jwtSecret, jwtPublicKey, jwtJwksUrl, jwtIssuer, jwtAudience, jwtAlgorithms, ...withRedis } = values;
  const { redisUrl, redisPrefix, redisOpenPrefix, redisWaitForReplicas, ...others } = withRedis;
  return Object.freeze({
    ...others,
    jwt: Object.freeze({
      secret: jwtSecret,
      publicKey: jwtPublicKey,
      jwksUrl: jwtJwksUrl,
      issuer: jwtIssuer,
      audience: jwtAudience,
      algorithms: jwtAlgorithms,
    }),
    redis: Object.freeze({
      ...(redisUrl !== undefined && { url: redisUrl }),
      prefix: redisPrefix,
      openPrefix: redisOpenPrefix,
      waitForReplicas: redisWaitForReplicas,
    }),
    [loadedValues]: Object.freeze(values),
  });
}
