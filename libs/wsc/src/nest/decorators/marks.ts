import { Reflector } from '@nestjs/core';
import type { HubEventName, NamespaceOptions } from '../../core/index.js';

/** What a class marked with `@RoomPolicy` declares about its namespace. */
export interface RoomPolicyMark {
  readonly namespace: string;
  readonly options: Omit<NamespaceOptions, 'policy'>;
}

/** How often a handler may run for one id. */
export interface IdempotentOptions {
  /**
   * What a repeat gets where the node died that ran the first one: `refuse` answers WSC_CONFLICT with `details: "unknown"`, since it may have
   * had its effect; `rerun` calls the handler again. Choose that only where running twice does what running once does. @default 'refuse'
   */
  readonly onLost?: 'refuse' | 'rerun';
}

/** Lower runs first; those with the same number run as they were found. */
export interface OrderOptions {
  /** @default 0 */
  readonly order?: number;
}

/** What the decorators leave behind; the explorers read it. */
export const marks = {
  onConnect: Reflector.createDecorator<true>({ key: 'wsc:on-connect' }),
  onDisconnect: Reflector.createDecorator<true>({ key: 'wsc:on-disconnect' }),
  onEvent: Reflector.createDecorator<HubEventName | '*'>({ key: 'wsc:on-event' }),
  idempotent: Reflector.createDecorator<IdempotentOptions>({ key: 'wsc:idempotent' }),
  roomPolicy: Reflector.createDecorator<RoomPolicyMark>({ key: 'wsc:room-policy' }),
  interceptor: Reflector.createDecorator<OrderOptions>({ key: 'wsc:interceptor' }),
  middleware: Reflector.createDecorator<OrderOptions>({ key: 'wsc:middleware' }),
  upgradeMiddleware: Reflector.createDecorator<OrderOptions>({ key: 'wsc:upgrade-middleware' }),
};
