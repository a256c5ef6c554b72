/** Where a value came from; the start report says it. */
type ConfigSource = 'environment' | 'default';

interface Setting<T> {
  readonly value: T;
  readonly source: ConfigSource;
}

/** What the gateway itself reads from the environment. `WSC_*` beyond the demo login and `JWT_*` are the library's (docs/configuration.md). */
export interface GatewayConfig {
  /** `PORT`. @default 8080 */
  readonly port: Setting<number>;
  /** `WSC_DEMO_LOGIN`: anybody may log in as anybody. @default true, in production false */
  readonly demoLogin: Setting<boolean>;
}

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Collects every wrong value, so that one start shows them all. */
class EnvironmentReader {
  readonly faults: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Empty counts as absent: `PORT=` in a compose file means "not set". */
  text(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  port(name: string, fallback: number): Setting<number> {
    const text = this.text(name);
    if (text === undefined) return { value: fallback, source: 'default' };
    const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (!(value <= 65_535)) this.#refuse(name, 'a port number from 0 to 65535');
    return { value, source: 'environment' };
  }

  flag(name: string, fallback: boolean): Setting<boolean> {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return { value: fallback, source: 'default' };
    if (!['true', 'false', '1', '0'].includes(text)) this.#refuse(name, 'true or false');
    return { value: text === 'true' || text === '1', source: 'environment' };
  }

  #refuse(name: string, expected: string): void {
    this.faults.push(`Expected ${name} to be ${expected}, got ${JSON.stringify(this.text(name))}.`);
  }
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
