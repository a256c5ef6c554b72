import type { ReflectableDecorator } from '@nestjs/core';
import type {
  Connection,
  Handshake,
  Hub,
  InboundMessage,
  MessageContext,
  OutboundMessage,
  OutboundTarget,
} from '../../core/index.js';
import { marks, type OrderOptions } from '../decorators/marks.js';
import type {
  RoomPolicy,
  WscInterceptor,
  WscMiddleware,
  WscUpgradeMiddleware,
} from '../decorators/providers.decorators.js';
import { mapErrors, mapRefusals } from '../errors/map-errors.js';
import { methodOf } from '../nest-container.js';
import { declaredMethod, markedMethods, markOn, type Host } from './gateway.js';

/** Registers what providers say with `@OnWscEvent`, `@RoomPolicy`, `@WscInterceptor`, `@WscMiddleware` and `@WscUpgradeMiddleware`. */
export function registerMarkedProviders(hub: Hub, hosts: readonly Host[]): void {
  for (const host of hosts) {
    registerEventListeners(hub, host);
    registerRoomPolicy(hub, host);
  }
  for (const { host, order } of inOrder(hosts, marks.interceptor)) {
    hub.interceptors.add(interceptorFrom(instanceOf(host, isInterceptor, 'inbound() or outbound()'), order));
  }
  for (const { host } of inOrder(hosts, marks.middleware)) {
    const middleware = instanceOf(host, isMiddleware, 'use(context, next)');
    hub.use(mapErrors((context: MessageContext, next: () => Promise<unknown>) => middleware.use(context, next)));
  }
  for (const { host } of inOrder(hosts, marks.upgradeMiddleware)) {
    const middleware = instanceOf(host, isUpgradeMiddleware, 'use(handshake, next)');
    hub.useUpgrade(
      mapRefusals((handshake: Handshake, next: () => Promise<unknown>) => middleware.use(handshake, next)),
    );
  }
}

function registerEventListeners(hub: Hub, host: Host): void {
  for (const name of markedMethods(host, marks.onEvent)) {
    const event = markOn(marks.onEvent, declaredMethod(host, name));
    const instance = instanceOf(host, isObject, `${name}()`);
    const listen = methodOf(instance, name);
    if (event === undefined) continue;
    hub.events.on(event, async (happened) => {
      const listening: unknown = listen?.call(instance, happened);
      await listening;
    });
  }
}

function registerRoomPolicy(hub: Hub, host: Host): void {
  const mark = markOn(marks.roomPolicy, host.classRef);
  if (mark === undefined) return;
  const policy = policyFrom(instanceOf(host, isRoomPolicy, 'authorizeJoin() and its like'));
  hub.namespaces.define(mark.namespace, { ...mark.options, policy });
}

const decisions = ['authorizeJoin', 'authorizePublish', 'authorizePresence', 'authorizeHistory'] as const;

/** What a policy does not implement keeps the namespace's default. */
function policyFrom(policy: RoomPolicy): RoomPolicy {
  const given = decisions.filter((name) => policy[name] !== undefined);
  return Object.fromEntries(
    given.map((name) => [
      name,
      mapErrors((connection: Connection, room: string) => policy[name]?.(connection, room) ?? false),
    ]),
  );
}

function interceptorFrom(interceptor: WscInterceptor, order: number): WscInterceptor {
  return {
    order: interceptor.order ?? order,
    ...(interceptor.inbound !== undefined && {
      inbound: mapErrors((message: InboundMessage, connection: Connection) =>
        interceptor.inbound?.(message, connection),
      ),
    }),
    ...(interceptor.outbound !== undefined && {
      outbound: (message: OutboundMessage, target: OutboundTarget) => interceptor.outbound?.(message, target),
    }),
  };
}

function inOrder(
  hosts: readonly Host[],
  mark: ReflectableDecorator<OrderOptions>,
): readonly { readonly host: Host; readonly order: number }[] {
  const marked = hosts.flatMap((host) => {
    const options = markOn(mark, host.classRef);
    return options === undefined ? [] : [{ host, order: options.order ?? 0 }];
  });
  return marked.sort((a, b) => a.order - b.order);
}

/** @throws {Error} where the class does not have what its decorator needs, or does not live as long as the application. */
function instanceOf<T>(host: Host, is: (value: unknown) => value is T, needed: string): T {
  const instance: unknown = host.wrapper.instance;
  if (!host.wrapper.isDependencyTreeStatic()) {
    throw new Error(
      `"${host.classRef.name}" must be a singleton: it serves all connections, so it can't be request-scoped.`,
    );
  }
  if (is(instance)) return instance;
  throw new Error(`Expected "${host.classRef.name}" to have ${needed}.`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isRoomPolicy(value: unknown): value is RoomPolicy {
  return decisions.some((name) => hasMethod(value, name));
}

function isInterceptor(value: unknown): value is WscInterceptor {
  return hasMethod(value, 'inbound') || hasMethod(value, 'outbound');
}

function isMiddleware(value: unknown): value is WscMiddleware {
  return hasMethod(value, 'use');
}

function isUpgradeMiddleware(value: unknown): value is WscUpgradeMiddleware {
  return hasMethod(value, 'use');
}

function hasMethod(value: unknown, name: string): boolean {
  return methodOf(value, name) !== undefined;
}
