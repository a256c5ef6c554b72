import { applyDecorators, Injectable } from '@nestjs/common';
import type {
  Connection,
  Handshake,
  MessageContext,
  Middleware,
  RoomPolicy as RoomPolicyPort,
  WscInterceptorLike,
} from '../../core/index.js';
import { marks, type OrderOptions, type RoomPolicyMark } from './marks.js';

/** Decides what clients may do with the rooms of a namespace; implement the methods that you need. */
export type RoomPolicy = RoomPolicyPort;

/** What a {@link RoomPolicy} class declares about its namespace. */
export type RoomPolicyOptions = RoomPolicyMark['options'];

/**
 * Makes a provider class the policy of a namespace, and declares the namespace.
 *
 * @example
 * ```ts
 * @RoomPolicy('project', { presence: true })
 * class ProjectPolicy implements RoomPolicy {
 *   constructor(private readonly members: MembersService) {}
 *   authorizeJoin(connection: Connection, room: string) { return this.members.has(room, connection.userId); }
 * }
 * ```
 */
export function RoomPolicy(namespace: string, options: RoomPolicyOptions = {}): ClassDecorator {
  return provider(marks.roomPolicy({ namespace, options }));
}

/** Sees every message on its way in or out, and may rewrite or stop it. `outbound` is synchronous. */
export type WscInterceptor = WscInterceptorLike<Connection>;

/** Makes a provider class an interceptor of messages. */
export function WscInterceptor(options: OrderOptions = {}): ClassDecorator {
  return provider(marks.interceptor(options));
}

/** An onion layer around every message: what it does before and after `await next()`. */
export interface WscMiddleware {
  use: Middleware<MessageContext>;
}

/** Makes a provider class with `use(context, next)` a middleware around every message. */
export function WscMiddleware(options: OrderOptions = {}): ClassDecorator {
  return provider(marks.middleware(options));
}

/** An onion layer around the checks before the 101; refuse by throwing. */
export interface WscUpgradeMiddleware {
  use: Middleware<Handshake>;
}

/** Makes a provider class with `use(handshake, next)` a middleware around every handshake. */
export function WscUpgradeMiddleware(options: OrderOptions = {}): ClassDecorator {
  return provider(marks.upgradeMiddleware(options));
}

/** `@Injectable` comes with it, so that constructor injection works with this decorator alone. */
function provider(mark: ClassDecorator): ClassDecorator {
  return applyDecorators(Injectable(), mark);
}
