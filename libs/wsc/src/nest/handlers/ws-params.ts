import { ROUTE_ARGS_METADATA } from '@nestjs/common/internal';
import type { ParamsFactory } from '@nestjs/core';
import type { ParamData } from '@nestjs/common';

/** Numbers that `@ConnectedSocket`, `@MessageBody` and `@Ack` leave behind; @nestjs/websockets exports them nowhere. */
const paramTypes = { connection: 0, data: 3, ack: 13 } as const;
/** Ours: the message's context, third parameter of a method without parameter decorators. */
const contextType = 1000;

/** Where the parameters of a method without any parameter decorator come from: connection, data, context. */
const defaultParamsKey = 'wsc:default-params';
const defaultParams = {
  [`${contextType}:2`]: { index: 2, data: undefined, pipes: [] },
  [`${paramTypes.data}:1`]: { index: 1, data: undefined, pipes: [] },
  [`${paramTypes.connection}:0`]: { index: 0, data: undefined, pipes: [] },
};

/** Takes the values of decorated parameters from a handler's arguments: connection, data, context, then the pattern last. */
export const wsParams: ParamsFactory = {
  exchangeKeyForValue(type: number, data: ParamData, args: readonly unknown[]): unknown {
    switch (type) {
      case paramTypes.connection:
        return args[0];
      case paramTypes.data:
        return typeof data === 'string' && data !== '' ? ownField(args[1], data) : args[1];
      case paramTypes.ack:
        return args.find((arg) => typeof arg === 'function');
      case contextType:
        return args[2];
      default:
        return null;
    }
  },
};

/** Pipes are for what clients send: a global ValidationPipe would otherwise copy and check the connection itself. */
export function isPiped(type: unknown): boolean {
  return Number(type) !== paramTypes.connection && Number(type) !== contextType;
}

/** Whether a parameter is the message's data, which pipes know as a body. */
export function isBody(type: unknown): boolean {
  return type === paramTypes.data;
}

/** Under which key the parameters of a method are described. Pipes run for undecorated parameters too, so these get a description. */
export function paramsKeyOf(classRef: object, methodName: string): string {
  if (Reflect.hasMetadata(ROUTE_ARGS_METADATA, classRef, methodName)) return ROUTE_ARGS_METADATA;
  Reflect.defineMetadata(defaultParamsKey, defaultParams, classRef, methodName);
  return defaultParamsKey;
}

/** Whether the method answers by itself, through `@Ack()`. */
export function takesAck(classRef: object, methodName: string): boolean {
  const params: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, classRef, methodName);
  if (typeof params !== 'object' || params === null) return false;
  return Object.keys(params).some((key) => key.split(':')[0] === String(paramTypes.ack));
}

/** `@MessageBody('constructor')` must not reach what the client did not send. */
function ownField(data: unknown, field: string): unknown {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, field)) return undefined;
  const value: unknown = Reflect.get(data, field);
  return value;
}
