import type { ArgumentMetadata, CanActivate, NestInterceptor, PipeTransform } from '@nestjs/common';
import { ExternalContextCreator, type ApplicationConfig, type ContextId, type NestContainer } from '@nestjs/core';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { ContextUtils, type ParamProperties } from '@nestjs/core/helpers/context-utils.js';
import {
  GuardsConsumer,
  GuardsContextCreator,
  InterceptorsConsumer,
  InterceptorsContextCreator,
  PipesConsumer,
  PipesContextCreator,
} from '@nestjs/core/internal';
import { methodOf, type Method } from '../nest-container.js';
import { isBody, isPiped, wsParams } from './ws-params.js';

/** A parameter of a method: where its value comes from, and what it goes through. */
export interface Parameter {
  readonly index: number;
  /** From a handler's arguments: connection, data, context, … The value may be a promise. */
  extract(args: readonly unknown[]): unknown;
  readonly pipes: readonly PipeTransform[];
  readonly metadata: ArgumentMetadata;
  /** It comes from a decorator of the application's own, which may answer a promise. */
  readonly isCustom: boolean;
}

/** What stands around one method of one instance, in Nest's order. */
export interface MethodParts {
  readonly guards: readonly CanActivate[];
  readonly interceptors: readonly NestInterceptor[];
  readonly parameters: readonly Parameter[];
  /** How many arguments the method is called with. */
  readonly argumentCount: number;
}

/** Which method's parts are wanted. */
export interface MethodTarget {
  readonly instance: object;
  readonly method: Method;
  readonly methodName: string;
  /** Under which key its parameters are described. */
  readonly paramsKey: string;
  readonly moduleKey: string;
  readonly contextId: ContextId;
  /** The id of the provider's wrapper. */
  readonly inquirerId: string;
}

/**
 * Finds guards, interceptors, pipes and parameters as Nest does: by its own creators, which know global enhancers, modules and
 * scopes. They are put together in `compile-method.ts`, so that what is synchronous stays so: Nest's own `create` would make eleven
 * promises of a handler that needs none. A Nest release that changes these parts fails our build.
 */
export class MethodPartsFinder {
  readonly #guards: GuardsContextCreator;
  readonly #interceptors: InterceptorsContextCreator;
  readonly #pipes: PipesContextCreator;
  readonly #parameters: ExternalContextCreator;
  readonly #utils = new ContextUtils();

  constructor(container: NestContainer, config: ApplicationConfig) {
    this.#guards = new GuardsContextCreator(container, config);
    this.#interceptors = new InterceptorsContextCreator(container, config);
    this.#pipes = new PipesContextCreator(container, config);
    this.#parameters = new ExternalContextCreator(
      this.#guards,
      new GuardsConsumer(),
      this.#interceptors,
      new InterceptorsConsumer(),
      container.getModules(),
      this.#pipes,
      new PipesConsumer(),
      new ExternalExceptionFilterContext(container, config),
    );
  }

  find({ instance, method, methodName, paramsKey, moduleKey, contextId, inquirerId }: MethodTarget): MethodParts {
    const pipes = this.#pipes.create(instance, method, moduleKey, contextId, inquirerId);
    const described = this.#parameters.getMetadata(instance, methodName, paramsKey, wsParams, 'ws');
    const properties = this.#utils.mergeParamsMetatypes(
      described.getParamsMetadata(moduleKey, contextId, inquirerId),
      described.paramtypes,
    );
    this.#utils.warnOnMissingParamtypes(instance, methodName, described.paramtypes, pipes, properties);
    return {
      guards: this.#guards.create(instance, method, moduleKey, contextId, inquirerId),
      interceptors: this.#interceptors.create(instance, method, moduleKey, contextId, inquirerId),
      parameters: properties.map((property) => parameterOf(property, pipes)),
      argumentCount: described.argsLength,
    };
  }
}

function parameterOf(property: ParamProperties & { metatype?: unknown }, pipes: readonly PipeTransform[]): Parameter {
  const { index, data, schema } = property;
  const type: unknown = property.type;
  const metatype: unknown = property.metatype;
  const metadata: ArgumentMetadata = {
    type: isBody(type) ? 'body' : 'custom',
    ...(isMetatype(metatype) && { metatype }),
    ...(schema !== undefined && { schema }),
  };
  // Declared as a string; a decorator of the application's own may have been given anything, and its pipes see it.
  Object.assign(metadata, { data });
  return {
    index,
    extract: extractorOf(property, type),
    pipes: isPiped(type) ? [...pipes, ...property.pipes] : [],
    metadata,
    isCustom: typeof type === 'string',
  };
}

function extractorOf(property: ParamProperties, type: unknown): Parameter['extract'] {
  if (typeof type === 'number') {
    return (args): unknown => wsParams.exchangeKeyForValue(type, property.data, args);
  }
  const extract = methodOf(property, 'extractValue');
  return (args): unknown => extract?.(...args);
}

function isMetatype(value: unknown): value is NonNullable<ArgumentMetadata['metatype']> {
  return typeof value === 'function';
}
