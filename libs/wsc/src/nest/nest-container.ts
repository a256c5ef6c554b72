import type { HttpServer, Type } from '@nestjs/common';
import { ModuleRef, NestContainer, type HttpAdapterHost, type ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper, Module } from '@nestjs/core/internal';

/**
 * The container behind a `ModuleRef`. Nest's own context creators take it, and Nest gives it to nobody else;
 * this is the one place that reaches for it.
 * @throws {Error} where a Nest version keeps it elsewhere.
 */
export function containerOf(moduleRef: ModuleRef): NestContainer {
  const container: unknown = Reflect.get(moduleRef, 'container');
  if (container instanceof NestContainer) return container;
  throw new Error('This version of @nestjs/core is not supported by @nest-wsc/wsc: ModuleRef has no container.');
}

/** The module that holds a provider. */
export function moduleOf(wrapper: InstanceWrapper): Module {
  if (wrapper.host !== undefined) return wrapper.host;
  throw new Error(`Expected "${wrapper.name}" to belong to a module.`);
}

/** Resolves providers as seen from inside a provider's own module. */
export function moduleRefOf(wrapper: InstanceWrapper): ModuleRef {
  return moduleOf(wrapper).getProviderByKey<ModuleRef>(ModuleRef).instance;
}

/** The class of a provider that Nest makes from a class; undefined for values and factories. */
export function classOf(wrapper: InstanceWrapper): Type<unknown> | undefined {
  if (wrapper.isNotMetatype || wrapper.isAlias || typeof wrapper.metatype !== 'function') return undefined;
  return isClass(wrapper.metatype) ? wrapper.metatype : undefined;
}

/** Whether `value` can be made with `new`. */
export function isClass(value: unknown): value is Type<unknown> {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

/** Guards, pipes, interceptors and filters bound to a provider's class and methods. */
export function enhancersOf(wrapper: InstanceWrapper): readonly InstanceWrapper[] {
  // Nest declares that there always is a list.
  const enhancers: readonly InstanceWrapper[] | null | undefined = absentable(wrapper.getEnhancersMetadata());
  return enhancers ?? [];
}

/** The HTTP adapter; undefined in an application context, where Nest has null for it, and in a microservice. */
export function httpAdapterOf(host: HttpAdapterHost): HttpServer | undefined {
  return absentable<HttpServer>(host.httpAdapter) ?? undefined;
}

/** What Nest declares to be there always and is not. */
export function absentable<T>(value: T): T | null | undefined {
  return value;
}

/** A method as Nest's creators take it; what it answers is seen as `unknown`. */
export type Method = (...args: unknown[]) => void;

/** A method of an instance, by name. */
export function methodOf(instance: unknown, name: string): Method | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const method: unknown = Reflect.get(instance, name);
  return isMethod(method) ? method : undefined;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

/** Has the hooks of a module start after, and end before, those of all others: Nest goes by this number, highest first. */
export function startLast(modules: ModulesContainer, metatype: Type<unknown>): void {
  for (const module of modules.values()) if (module.metatype === metatype) module.distance = -1;
}
