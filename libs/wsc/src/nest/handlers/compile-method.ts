import { ForbiddenException, type CanActivate, type Type } from '@nestjs/common';
import type { ContextId, ExternalContextOptions } from '@nestjs/core';
import type { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { ExecutionContextHost, FORBIDDEN_MESSAGE, type InstanceWrapper } from '@nestjs/core/internal';
import { isPromiseLike, whenReady, type MaybePromise } from '../../core/async/maybe-promise.js';
import type { Logger } from '../../core/index.js';
import { classOf, methodOf, moduleOf, type Method } from '../nest-container.js';
import { answerException } from './exception-filters.js';
import { verdictOf } from './guard-verdict.js';
import type { MethodParts, MethodPartsFinder, Parameter } from './method-parts.js';
import { runInterceptors } from './run-interceptors.js';
import { isStream, withErrorsMapped } from './streams.js';
import { paramsKeyOf } from './ws-params.js';

/** Calls a method with its guards, interceptors, pipes and filters around it. Synchronous without pipes and interceptors, where guards and method are. */
export type Call = (args: unknown[]) => MaybePromise<unknown>;

export interface CompileTools {
  readonly parts: MethodPartsFinder;
  readonly filters: ExternalExceptionFilterContext;
  readonly logger: Logger;
}

export interface CompileTarget {
  readonly wrapper: InstanceWrapper;
  readonly methodName: string;
  readonly options: ExternalContextOptions;
  /** The instance of this context. */
  readonly instance: unknown;
  readonly contextId: ContextId;
}

/** The method itself. */
interface Bound {
  readonly classRef: Type<unknown>;
  readonly instance: object;
  readonly method: Method;
}

/** Builds the call of one method of one instance. What does not change from message to message is decided here. */
export function compileMethod(tools: CompileTools, target: CompileTarget): Call {
  const { wrapper, methodName, options, instance, contextId } = target;
  const classRef = classOf(wrapper);
  const method = methodOf(instance, methodName);
  if (classRef === undefined || method === undefined || typeof instance !== 'object' || instance === null) {
    throw new Error(`Expected "${wrapper.name}" to be a class with a method "${methodName}".`);
  }
  const bound = { classRef, instance, method };
  const parts = tools.parts.find({
    instance,
    method,
    methodName,
    paramsKey: paramsKeyOf(classRef, methodName),
    moduleKey: moduleOf(wrapper).token,
    contextId,
    inquirerId: wrapper.id,
  });
  const invoked = invoking(parts, bound);
  const intercepted =
    options.interceptors === true && parts.interceptors.length > 0
      ? intercepting(parts.interceptors, bound, invoked)
      : invoked;
  const guarded =
    options.guards === true && parts.guards.length > 0 ? guarding(parts.guards, bound, intercepted) : intercepted;
  return options.filters === true ? filtering(tools, { ...target, ...bound, next: guarded }) : guarded;
}

/** Takes the parameters from the arguments and calls the method. */
function invoking({ parameters, argumentCount }: MethodParts, { instance, method }: Bound): Call {
  const isPlain = parameters.every(({ pipes, isCustom }) => pipes.length === 0 && !isCustom);
  const call = (values: unknown[]): unknown => Reflect.apply(method, instance, values);
  if (isPlain) {
    return (args): unknown => {
      const values: unknown[] = new Array(argumentCount).fill(undefined);
      for (const parameter of parameters) values[parameter.index] = parameter.extract(args);
      return call(values);
    };
  }
  return async (args) => {
    const values: unknown[] = new Array(argumentCount).fill(undefined);
    // Each fails by its own promise, even where it throws: another one that fails later must not be nobody's.
    await Promise.all(
      parameters.map(async (parameter) => {
        values[parameter.index] = await pipeThrough(parameter, parameter.extract(args));
      }),
    );
    return call(values);
  };
}

async function pipeThrough({ pipes, metadata }: Parameter, value: unknown): Promise<unknown> {
  let result: unknown = await value;
  for (const pipe of pipes) result = await pipe.transform(result, { ...metadata });
  return result;
}

function intercepting(interceptors: MethodParts['interceptors'], bound: Bound, next: Call): Call {
  return (args) => runInterceptors({ interceptors, context: contextOf(bound, args), next: () => next(args) });
}

function guarding(guards: readonly CanActivate[], bound: Bound, next: Call): Call {
  return (args) => whenReady(activate(guards, contextOf(bound, args), 0), () => next(args));
}

/** @throws {ForbiddenException} when one says no, or whatever one of them throws. */
function activate(guards: readonly CanActivate[], context: ExecutionContextHost, first: number): MaybePromise<void> {
  for (let index = first; index < guards.length; index += 1) {
    const guard = guards[index];
    const verdict = guard === undefined || verdictOf(guard, context);
    if (verdict === false) throw new ForbiddenException(FORBIDDEN_MESSAGE);
    if (verdict !== true) return later(verdict, () => activate(guards, context, index + 1));
  }
}

async function later(verdict: Promise<boolean>, next: () => MaybePromise<void>): Promise<void> {
  if (!(await verdict)) throw new ForbiddenException(FORBIDDEN_MESSAGE);
  await next();
}

interface Filtered extends Omit<CompileTarget, 'instance'>, Bound {
  readonly next: Call;
}

function filtering(tools: CompileTools, target: Filtered): Call {
  const { wrapper, next, method, instance, contextId } = target;
  const filters = tools.filters.create(instance, method, moduleOf(wrapper).token, contextId, wrapper.id);
  const answer = (exception: unknown, args: unknown[]): Promise<unknown> => {
    return answerException({ filters, exception, host: contextOf(target, args), logger: tools.logger });
  };
  const mapped = (result: unknown, args: unknown[]): unknown =>
    isStream(result) ? withErrorsMapped(result, (exception) => answer(exception, args)) : result;
  return (args): unknown => {
    try {
      const result = next(args);
      if (!isPromiseLike(result)) return mapped(result, args);
      // What a method returns may have a `then` that answers nothing.
      return Promise.resolve(result).then(
        (value) => mapped(value, args),
        (exception: unknown) => answer(exception, args),
      );
    } catch (exception) {
      return answer(exception, args);
    }
  };
}

/** What guards, interceptors and filters see of a call. */
function contextOf({ classRef, method }: Bound, args: unknown[]): ExecutionContextHost {
  const context = new ExecutionContextHost(args, classRef, method);
  context.setType('ws');
  return context;
}
