import { WscError } from '@nest-wsc/protocol';
import type { Hub } from '../core/index.js';
import type { WscConfigService } from './config/wsc-config.service.js';

/** The hub for calls that need connections: there is none of them where the application runs with `WSC_ENABLED=false`. */
export class EnabledHub {
  readonly #hub: Hub;
  readonly #config: WscConfigService;

  constructor(hub: Hub, config: WscConfigService) {
    this.#hub = hub;
    this.#config = config;
  }

  /** For calls that answer at once. @throws {WscError} WSC_UNAVAILABLE */
  now(): Hub {
    if (this.#config.current.enabled) return this.#hub;
    throw switchedOff();
  }

  /** Makes a call in the caller's turn. Rejects with WSC_UNAVAILABLE where it can't be made. */
  later<T>(call: (hub: Hub) => Promise<T>): Promise<T> {
    if (this.#config.current.enabled) return call(this.#hub);
    const refused = Promise.reject<T>(switchedOff());
    // Whoever awaits it hears of it; a send that nobody awaits must not end the process.
    refused.catch(() => undefined);
    return refused;
  }
}

function switchedOff(): WscError {
  return new WscError('WSC_UNAVAILABLE', {
    message: 'WebSockets are switched off in this application (WSC_ENABLED=false).',
  });
}
