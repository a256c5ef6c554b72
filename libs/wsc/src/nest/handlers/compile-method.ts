import type { Type } from '@nestjs/common';
import type { ContextId, ExternalContextOptions } from '@nestjs/core';
import type { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import { ExecutionContextHost, type InstanceWrapper } from '@nestjs/core/internal';
import type { Logger } from '../../core/index.js';
import { classOf, methodOf, moduleOf, type Method } from '../nest-container.js';
import { answerException } from './exception-filters.js';
import type { HandlerContextCreator } from './handler-context-creator.js';
import { withErrorsMapped } from './streams.js';
import { paramsKeyOf, wsParams } from './ws-params.js';

/** Calls a method with its guards, interceptors, pipes and filters around it. */
export type Call = (args: unknown[]) => Promise<unknown>;

export interface CompileTools {
  readonly creator: HandlerContextCreator;
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

/** Builds the call of one method of one instance. */
export function compileMethod(tools: CompileTools, target: CompileTarget): Call {
  const { wrapper, methodName, options, instance, contextId } = target;
  const classRef = classOf(wrapper);
  const method = methodOf(instance, methodName);
  if (classRef === undefined || method === undefined || typeof instance !== 'object' || instance === null) {
    throw new Error(`Expected "${wrapper.name}" to be a class with a method "${methodName}".`);
  }
  const call = tools.creator.create(
    instance,
    method,
    methodName,
    paramsKeyOf(classRef, methodName),
    wsParams,
    contextId,
    wrapper.id,
    { guards: options.guards ?? false, interceptors: options.interceptors ?? false, filters: false },
    'ws',
  );
  const run: Call = async (args) => call(...args);
  return options.filters === true ? withFilters(tools, { ...target, run, classRef, method, instance }) : run;
}

interface FilteredCall extends CompileTarget {
  readonly run: Call;
  readonly classRef: Type<unknown>;
  readonly method: Method;
  readonly instance: object;
}

function withFilters(tools: CompileTools, target: FilteredCall): Call {
  const { wrapper, run, classRef, method, instance, contextId } = target;
  const filters = tools.filters.create(instance, method, moduleOf(wrapper).token, contextId, wrapper.id);
  return async (args) => {
    const answer = (exception: unknown): Promise<unknown> => {
      const host = new ExecutionContextHost(args, classRef, method);
      host.setType('ws');
      return answerException({ filters, exception, host, logger: tools.logger });
    };
    try {
      return withErrorsMapped(await run(args), answer);
    } catch (exception) {
      return answer(exception);
    }
  };
}
