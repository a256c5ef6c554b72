/** Where a value came from; the start report says it. */
export type ConfigSource = 'environment' | 'default';

/** A value, and where it came from. */
export interface Setting<T> {
  readonly value: T;
  readonly source: ConfigSource;
}

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Collects every wrong value, so that one start shows them all. */
export class EnvironmentReader {
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

  count(name: string, fallback: number): Setting<number> {
    const text = this.text(name);
    if (text === undefined) return { value: fallback, source: 'default' };
    if (!/^\d{1,9}$/.test(text)) this.#refuse(name, 'a whole number from 0');
    return { value: Number(text), source: 'environment' };
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
