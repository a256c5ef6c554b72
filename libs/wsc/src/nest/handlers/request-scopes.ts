import { ContextIdFactory, type ApplicationConfig, type ContextId, type ModuleRef } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/internal';
import { moduleRefOf } from '../nest-container.js';

/**
 * Request scope where there is no request: it is the connection's (as in Nest 12's own adapters), and during the handshake
 * the handshake's. `@Inject(REQUEST)` gives that object. Its instances go with it.
 */
export class RequestScopes {
  readonly #moduleRef: ModuleRef;
  readonly #config: ApplicationConfig;
  readonly #contextIds = new WeakMap<object, ContextId>();

  constructor(moduleRef: ModuleRef, config: ApplicationConfig) {
    this.#moduleRef = moduleRef;
    this.#config = config;
  }

  /** Whether the provider itself, its dependencies and its own enhancers live as long as the application. */
  isStatic(wrapper: InstanceWrapper): boolean {
    return wrapper.isDependencyTreeStatic();
  }

  /** `APP_GUARD` and its like with request scope; Nest's own adapters skip them on gateways. */
  get globalEnhancers(): readonly InstanceWrapper[] {
    return [
      ...this.#config.getGlobalRequestGuards(),
      ...this.#config.getGlobalRequestPipes(),
      ...this.#config.getGlobalRequestInterceptors(),
      ...this.#config.getGlobalRequestFilters(),
    ];
  }

  /**
   * Whoever asks first, `@Inject(REQUEST)` gives the owner under this id; in a durable provider Nest gives the payload of the
   * application's `ContextIdStrategy` instead.
   * @param owner the connection or the handshake.
   */
  contextIdOf(owner: object): ContextId {
    const known = this.#contextIds.get(owner);
    if (known !== undefined) return known;
    const contextId = ContextIdFactory.getByRequest(owner);
    this.#moduleRef.registerRequestByContextId(owner, contextId);
    this.#contextIds.set(owner, contextId);
    return contextId;
  }

  /** The provider's instance for the owner. */
  async resolve(wrapper: InstanceWrapper, owner: object): Promise<unknown> {
    if (this.isStatic(wrapper)) return wrapper.instance;
    const contextId = this.contextIdOf(owner);
    const instance: unknown = await moduleRefOf(wrapper).resolve(wrapper.token, contextId, { strict: true });
    return instance;
  }

  /** Makes the owner's instances of the global enhancers, which Nest then finds by context id. */
  async loadGlobalEnhancers(owner: object): Promise<void> {
    await Promise.all(this.globalEnhancers.map((wrapper) => this.resolve(wrapper, owner)));
  }
}
