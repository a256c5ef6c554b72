import { describeSource, type SettingLayer, type SettingSource } from './setting-source.js';

/** One thing that is wrong. */
export interface ConfigFault {
  /** The setting as its source writes it, or what else is wrong. */
  readonly what: string;
  readonly source?: SettingSource | undefined;
  /** As it may be shown: JSON, cut short, secrets masked. */
  readonly value?: string | undefined;
  /** What would have been right; reads on after "expected". */
  readonly expected: string;
}

/** What one source gives, and what is wrong with it that can be said without knowing the rest. */
export interface CheckedLayer {
  readonly layer: SettingLayer;
  readonly faults: readonly ConfigFault[];
}

/** The configuration can't be used. Its message names everything that is wrong. */
export class WscConfigError extends Error {
  override readonly name = 'WscConfigError';
  // Private, since Node prints an error's own properties after its stack, and the message has said it all.
  readonly #faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const count = faults.length === 1 ? 'One value is' : `${faults.length} values are`;
    super(`${count} wrong in the configuration of WscModule:\n${faults.map(describeFault).join('\n')}`);
    this.#faults = faults;
  }

  get faults(): readonly ConfigFault[] {
    return this.#faults;
  }
}

function describeFault({ what, source, value, expected }: ConfigFault): string {
  const got = value === undefined ? '' : ` is ${value}`;
  const from = source === undefined ? '' : ` (${describeSource(source)})`;
  return `  - ${what}${got}${from}: expected ${expected}${expected.endsWith('?') ? '' : '.'}`;
}
