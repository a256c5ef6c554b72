import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { ExternalContextCreator, type ApplicationConfig, type NestContainer } from '@nestjs/core';
import { ExternalExceptionFilterContext } from '@nestjs/core/exceptions/external-exception-filter-context.js';
import {
  GuardsConsumer,
  GuardsContextCreator,
  InterceptorsContextCreator,
  PipesConsumer,
  PipesContextCreator,
} from '@nestjs/core/internal';
import { WscInterceptorsConsumer } from './interceptors-consumer.js';
import { isPiped } from './ws-params.js';

/**
 * Nest's own way of putting guards, interceptors and pipes around a method, with two differences: an Observable comes out as it is,
 * and pipes leave the connection alone. A typed subclass rather than the stock `WsContextCreator`: that one hides errors behind
 * its proxy and has a refusing guard throw an exception without a status. A Nest release that changes these parts fails our build.
 */
export class HandlerContextCreator extends ExternalContextCreator {
  constructor(container: NestContainer, config: ApplicationConfig) {
    super(
      new GuardsContextCreator(container, config),
      new GuardsConsumer(),
      new InterceptorsContextCreator(container, config),
      new WscInterceptorsConsumer(),
      container.getModules(),
      new PipesContextCreator(container, config),
      new PipesConsumer(),
      new ExternalExceptionFilterContext(container, config),
    );
  }

  override transformToResult(result: unknown): Promise<unknown> {
    return Promise.resolve(result);
  }

  override async getParamValue(value: unknown, metadata: ArgumentMetadata, pipes: PipeTransform[]): Promise<unknown> {
    return isPiped(metadata.type) ? super.getParamValue(value, metadata, pipes) : value;
  }
}
