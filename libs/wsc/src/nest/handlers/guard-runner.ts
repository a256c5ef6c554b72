import { ForbiddenException, type CanActivate, type Type } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/internal';
import type { ApplicationConfig, ModuleRef } from '@nestjs/core';
import { ExecutionContextHost, type InstanceWrapper } from '@nestjs/core/internal';
import { classOf, isClass, moduleOf } from '../nest-container.js';
import { verdictOf } from './guard-verdict.js';
import type { RequestScopes } from './request-scopes.js';

/** Guards with what their `ExecutionContext` answers to `getClass` and `getHandler`. */
export interface GuardSet {
  readonly guards: readonly GuardSource[];
  readonly classRef: Type<unknown>;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- Nest's own type of a handler.
  readonly handler: Function;
}

/** A guard that Nest manages, which may be request-scoped, or one that was given as an object. */
export type GuardSource = InstanceWrapper | CanActivate;

/** Finds and runs guards where no handler follows: before the 101, and before built-in events. */
export class GuardRunner {
  readonly #scopes: RequestScopes;
  readonly #config: ApplicationConfig;
  readonly #moduleRef: ModuleRef;

  constructor(dependencies: {
    readonly scopes: RequestScopes;
    readonly config: ApplicationConfig;
    readonly moduleRef: ModuleRef;
  }) {
    this.#scopes = dependencies.scopes;
    this.#config = dependencies.config;
    this.#moduleRef = dependencies.moduleRef;
  }

  /** `APP_GUARD` and `useGlobalGuards`. */
  globalGuards(): readonly GuardSource[] {
    return [...this.#config.getGlobalGuards(), ...this.#config.getGlobalRequestGuards()];
  }

  /** What `@UseGuards` left on a provider's class, or on one of its methods. */
  guardsOn(wrapper: InstanceWrapper, target: object): readonly GuardSource[] {
    const bound: unknown = Reflect.getMetadata(GUARDS_METADATA, target);
    if (!Array.isArray(bound)) return [];
    const { injectables } = moduleOf(wrapper);
    return bound.map((guard: unknown) => {
      if (isGuard(guard)) return guard;
      const managed = isClass(guard) ? injectables.get(guard) : undefined;
      if (managed !== undefined) return managed;
      throw new Error(
        `Expected a guard in @UseGuards of "${classOf(wrapper)?.name ?? wrapper.name}", got ${String(guard)}`,
      );
    });
  }

  /** Guards given as an option: instances, or classes that are made here unless they are providers. */
  async guardsFrom(given: readonly (Type<CanActivate> | CanActivate)[]): Promise<readonly GuardSource[]> {
    return Promise.all(given.map(async (guard) => (isClass(guard) ? this.#provide(guard) : guard)));
  }

  /**
   * Runs them in order, as Nest does, on a context of type `ws`.
   * @param owner the connection or the handshake.
   * @throws {ForbiddenException} when one says no, or whatever one of them throws.
   */
  async run({ guards, classRef, handler }: GuardSet, owner: object, args: unknown[]): Promise<void> {
    if (guards.length === 0) return;
    const context = new ExecutionContextHost(args, classRef, handler);
    context.setType('ws');
    for (const source of guards) {
      const guard = isGuard(source) ? source : await this.#scopes.resolve(source, owner);
      if (!isGuard(guard) || !(await verdictOf(guard, context))) throw new ForbiddenException();
    }
  }

  /** The provider where there is one, else an instance of its own. */
  async #provide(guard: Type<CanActivate>): Promise<CanActivate> {
    return this.#find(guard) ?? this.#moduleRef.create(guard);
  }

  #find(guard: Type<CanActivate>): CanActivate | undefined {
    try {
      return this.#moduleRef.get<CanActivate>(guard, { strict: false });
    } catch {
      return undefined;
    }
  }
}

function isGuard(value: unknown): value is CanActivate {
  return (
    typeof value === 'object' && value !== null && 'canActivate' in value && typeof value.canActivate === 'function'
  );
}
