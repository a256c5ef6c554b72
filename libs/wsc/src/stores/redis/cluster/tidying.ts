import type { Logger } from '../../../core/ports/logger.js';
import type { InstanceWatcher } from './instances.js';
import type { NodeRegistry } from './node-registry.js';

/** Tidies up behind dead nodes that this one was chosen for. */
export class Tidying {
  readonly #registry: NodeRegistry;
  readonly #logger: Logger;
  readonly #watchers: InstanceWatcher[] = [];
  /** By instance id. */
  readonly #running = new Map<string, Promise<void>>();

  constructor(dependencies: { readonly registry: NodeRegistry; readonly logger: Logger }) {
    this.#registry = dependencies.registry;
    this.#logger = dependencies.logger;
  }

  /** Nobody should be chosen who knows not how. */
  get isPossible(): boolean {
    return this.#watchers.length > 0;
  }

  watch(watcher: InstanceWatcher): void {
    this.#watchers.push(watcher);
  }

  renewed(wasTakenForDead: boolean): void {
    for (const watcher of this.#watchers) watcher.renewed(wasTakenForDead);
  }

  behind(instanceIds: readonly string[]): void {
    for (const instanceId of instanceIds) {
      if (this.#running.has(instanceId)) continue;
      this.#running.set(
        instanceId,
        this.#tidy(instanceId).finally(() => this.#running.delete(instanceId)),
      );
    }
  }

  /** Waits for what runs. */
  async close(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #tidy(instanceId: string): Promise<void> {
    try {
      for (const watcher of this.#watchers) await watcher.reap(instanceId);
      await this.#registry.tidied(instanceId);
    } catch (cause) {
      this.#logger.warn('What a dead node had could not be removed; it will be tried again.', { instanceId, cause });
    }
  }
}
