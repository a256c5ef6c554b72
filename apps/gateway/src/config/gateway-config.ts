import { EnvironmentReader, type Environment, type Setting } from '@nest-wsc/demo-service';

/** What the gateway itself reads from the environment. `WSC_*` beyond the demo login and `JWT_*` are the library's (docs/configuration.md). */
export interface GatewayConfig {
  /** `PORT`. @default 8080 */
  readonly port: Setting<number>;
  /** `WSC_DEMO_LOGIN`: anybody may log in as anybody. @default true, in production false */
  readonly demoLogin: Setting<boolean>;
}

/**
 * Reads the gateway's own settings. Needs nothing to be set.
 * @throws {Error} naming every wrong variable, its value and what was expected.
 */
export function readGatewayConfig(environment: Environment): GatewayConfig {
  const reader = new EnvironmentReader(environment);
  const isProduction = reader.text('NODE_ENV') === 'production';
  const config: GatewayConfig = Object.freeze({
    port: reader.port('PORT', 8080),
    demoLogin: reader.flag('WSC_DEMO_LOGIN', !isProduction),
  });
  if (reader.faults.length > 0) throw new Error(`The configuration is wrong. ${reader.faults.join(' ')}`);
  return config;
}
