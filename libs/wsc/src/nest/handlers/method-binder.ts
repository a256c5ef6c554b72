import type { ApplicationConfig, ExternalContextOptions, NestContainer } from '@nestjs/core';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { STATIC_CONTEXT, type InstanceWrapper } from '@nestjs/core/internal';
import type { MaybePromise } from '../../core/async/maybe-promise.js';
import type { Logger } from '../../core/index.js';
import { compileMethod, type Call, type CompileTarget, type CompileTools } from './compile-method.js';
import { enhancersOf } from '../nest-container.js';
import { MethodPartsFinder } from './method-parts.js';
import type { RequestScopes } from './request-scopes.js';

/** A provider's method with everything bound to it. `owner` is the connection, whose scope request-scoped instances have. */
export type BoundMethod = (owner: object, args: unknown[]) => MaybePromise<unknown>;

export interface MethodBinderDependencies {
  readonly container: NestContainer;
  readonly config: ApplicationConfig;
  readonly scopes: RequestScopes;
  readonly logger: Logger;
}

/** Binds methods: once per method, not per connection, unless something about it is request-scoped. */
export class MethodBinder {
  readonly #tools: CompileTools;
  readonly #scopes: RequestScopes;

  constructor(dependencies: MethodBinderDependencies) {
    const { container, config, logger } = dependencies;
    this.#scopes = dependencies.scopes;
    this.#tools = {
      parts: new MethodPartsFinder(container, config),
      filters: new ExternalExceptionFilterContext(container, config),
      logger,
    };
  }

  /** @throws {Error} for a transient enhancer, of which Nest would run an instance without its dependencies. */
  bind(wrapper: InstanceWrapper, methodName: string, options: ExternalContextOptions): BoundMethod {
    refuseTransient([...enhancersOf(wrapper), ...this.#scopes.globalEnhancers], wrapper);
    const method = { wrapper, methodName, options };
    if (!this.#scopes.isStatic(wrapper) || this.#scopes.globalEnhancers.length > 0) return this.#bindPerOwner(method);
    const instance: unknown = wrapper.instance;
    const call = compileMethod(this.#tools, { ...method, instance, contextId: STATIC_CONTEXT });
    return (_owner, args) => call(args);
  }

  #bindPerOwner(method: MethodOfProvider): BoundMethod {
    const calls = new WeakMap<object, Promise<Call>>();
    return async (owner, args) => {
      let call = calls.get(owner);
      if (call === undefined) {
        call = this.#compileFor(owner, method);
        calls.set(owner, call);
        // A dependency that failed now may not fail for the next message.
        call.catch(() => calls.delete(owner));
      }
      return (await call)(args);
    };
  }

  async #compileFor(owner: object, method: MethodOfProvider): Promise<Call> {
    const contextId = this.#scopes.contextIdOf(owner);
    await this.#scopes.loadGlobalEnhancers(owner);
    const instance = await this.#scopes.resolve(method.wrapper, owner);
    return compileMethod(this.#tools, { ...method, instance, contextId });
  }
}

type MethodOfProvider = Pick<CompileTarget, 'wrapper' | 'methodName' | 'options'>;

function refuseTransient(enhancers: readonly InstanceWrapper[], host: InstanceWrapper): void {
  const transient = enhancers.find((enhancer) => enhancer.isTransient);
  if (transient === undefined) return;
  throw new Error(
    `"${transient.name}" on "${host.name}" has transient scope, which can't be used on WebSocket handlers: ` +
      'make it a singleton or request-scoped (one instance per connection).',
  );
}
