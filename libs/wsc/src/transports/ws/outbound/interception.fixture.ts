import type { Hub } from '../../../core/hub.js';
import type { Fate } from './outbound-script.fixture.js';

/** The data of a message: says itself what is to become of it. */
export interface FatedData {
  readonly serial: number;
  readonly fate: Fate;
  /** Of a request: whether its handler takes a turn. */
  readonly isSlow: boolean;
  readonly text: string;
}

/** An interceptor that does with each message what its data asks for, and what the model expects of it. */
export class Interception {
  readonly #hub: Hub;
  #remove: (() => void) | undefined;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  switch(isOn: boolean): void {
    if (isOn === (this.#remove !== undefined)) return;
    this.#remove?.();
    this.#remove = isOn
      ? this.#hub.interceptors.add({
          outbound: (message) => {
            const data = intercepted(message.data);
            return data === undefined ? undefined : { ...message, data };
          },
        })
      : undefined;
  }

  /** What receivers hear of `data`; undefined: nothing. */
  passed(data: unknown): unknown {
    return this.#remove === undefined ? data : intercepted(data);
  }
}

/** What the data of a message says of itself. */
export function fateOf(data: unknown): Pick<FatedData, 'fate' | 'isSlow'> {
  if (typeof data !== 'object' || data === null) return { fate: 'pass', isSlow: false };
  const fate = 'fate' in data && (data.fate === 'veto' || data.fate === 'rewrite') ? data.fate : 'pass';
  return { fate, isSlow: 'isSlow' in data && data.isSlow === true };
}

function intercepted(data: unknown): unknown {
  const { fate } = fateOf(data);
  if (fate === 'veto') return undefined;
  return fate === 'rewrite' && typeof data === 'object' ? { ...data, isRewritten: true } : data;
}
