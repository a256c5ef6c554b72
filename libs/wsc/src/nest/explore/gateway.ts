import type { Type } from '@nestjs/common';
import { MetadataScanner, Reflector, type ModulesContainer, type ReflectableDecorator } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/internal';
import { GATEWAY_METADATA, GATEWAY_OPTIONS, PORT_METADATA } from '@nestjs/websockets/internal';
import type { Logger } from '../../core/index.js';
import { classOf, methodOf, type Method } from '../nest-container.js';

/** A provider class whose methods may be marked. */
export interface Host {
  readonly wrapper: InstanceWrapper;
  readonly classRef: Type<unknown>;
  readonly methodNames: readonly string[];
  /** The endpoint that it is for; undefined for a provider that isn't a gateway: every endpoint. */
  readonly path: string | undefined;
}

/** A class marked with `@WebSocketGateway`. */
export interface Gateway extends Host {
  readonly path: string;
}

const scanner = new MetadataScanner();
const reflector = new Reflector();

/** Every provider that Nest makes from a class. */
export function findHosts(modules: ModulesContainer): readonly Host[] {
  const wrappers = [...modules.values()].flatMap((module) => [...module.providers.values()]);
  return wrappers.flatMap((wrapper) => {
    const classRef = classOf(wrapper);
    if (classRef === undefined) return [];
    return [{ wrapper, classRef, methodNames: scanner.getAllMethodNames(prototypeOf(classRef)), path: undefined }];
  });
}

/** @throws {Error} for a gateway that asks for what does not hold here, so that no security setting is ignored silently. */
export function findGateways(hosts: readonly Host[], defaultPath: string, logger: Logger): readonly Gateway[] {
  return hosts.filter(isGateway).map((host) => {
    const options = optionsOf(host.classRef);
    assertOptions(host.classRef, options, logger);
    return { ...host, path: normalizePath(options['path'], defaultPath) };
  });
}

/** A method as the class declares it, where the decorators leave their marks. */
export function declaredMethod(host: Host, name: string): Method | undefined {
  return methodOf(prototypeOf(host.classRef), name);
}

/** The names of a host's methods that carry a mark. */
export function markedMethods<T>(host: Host, mark: ReflectableDecorator<T>): readonly string[] {
  return host.methodNames.filter((name) => {
    const method = declaredMethod(host, name);
    return method !== undefined && markOn(mark, method) !== undefined;
  });
}

/** What a decorator left on a class or a method. */
export function markOn<T>(mark: ReflectableDecorator<T>, target: Type<unknown> | Method | undefined): T | undefined {
  return target === undefined ? undefined : reflector.get<T | undefined>(mark.KEY, target);
}

/** Leading slash always, trailing slash never: `/ws/` is answered anyway. */
function normalizePath(path: unknown, defaultPath: string): string {
  if (typeof path !== 'string' || path === '') return defaultPath;
  return `/${path.replace(/^\/+|\/+$/g, '')}`;
}

function isGateway(host: Host): boolean {
  return Reflect.getMetadata(GATEWAY_METADATA, host.classRef) === true;
}

function prototypeOf(classRef: Type<unknown>): object {
  const prototype: unknown = classRef.prototype;
  return typeof prototype === 'object' && prototype !== null ? prototype : {};
}

function optionsOf(classRef: Type<unknown>): Readonly<Record<string, unknown>> {
  const options: unknown = Reflect.getMetadata(GATEWAY_OPTIONS, classRef);
  return typeof options === 'object' && options !== null ? { ...options } : {};
}

/** Where something else has to be said in `WscModule.forRoot`, an error or a warning says it. */
const elsewhere: Readonly<Record<string, string>> = {
  namespace: 'use a `path`, or rooms',
  verifyClient: 'bind guards to the gateway or to an @OnConnect method, or use `connectGuards`',
  allowRequest: 'bind guards to the gateway or to an @OnConnect method, or use `connectGuards`',
  server: "the application's own HTTP server is used, or `port`",
};

function assertOptions(classRef: Type<unknown>, options: Readonly<Record<string, unknown>>, logger: Logger): void {
  const port: unknown = Reflect.getMetadata(PORT_METADATA, classRef);
  if (port !== undefined && port !== 0) {
    throw new Error(
      `${classRef.name}: a gateway has no port of its own here. Set \`port\` in WscModule.forRoot, or WSC_PORT, for all.`,
    );
  }
  for (const name of Object.keys(options).filter((name) => name !== 'path')) {
    const advice = elsewhere[name];
    if (advice !== undefined)
      throw new Error(`${classRef.name}: \`${name}\` of @WebSocketGateway does not hold here; ${advice}.`);
    logger.warn(
      `${classRef.name}: \`${name}\` of @WebSocketGateway is ignored; WscModule.forRoot has options for all gateways.`,
    );
  }
}
