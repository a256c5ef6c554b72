import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Connection, Handshake, MessageContext, type Principal } from '../../core/index.js';

/** Who is behind a `ws` context: a connection's principal, or during the handshake the handshake's. Undefined: anonymous. */
export function principalOf(context: ExecutionContext): Principal | undefined {
  const client = clientOf(context);
  return client?.principal;
}

/** The connection of a message, or the handshake that guards see before the 101. */
export function clientOf(context: ExecutionContext): Connection | Handshake | undefined {
  if (context.getType() !== 'ws') return undefined;
  const client: unknown = context.switchToWs().getClient();
  return client instanceof Connection || client instanceof Handshake ? client : undefined;
}

/**
 * The principal of the connection, or one field of it: `@CurrentUser() user: Principal`, `@CurrentUser('userId') id: string`.
 * Undefined for an anonymous connection.
 */
export const CurrentUser = createParamDecorator<keyof Principal | undefined>((key, context) => {
  const principal = principalOf(context);
  return key === undefined ? principal : principal?.[key];
});

/** One entry of the connection's metadata: `@ConnectionMeta('tenant') tenant: string`. */
export const ConnectionMeta = createParamDecorator<string>((key, context) => clientOf(context)?.metadata.get(key));

/** The message itself: its ids, its trace id, and the signal that aborts when its connection is gone. */
export const CurrentMessage = createParamDecorator((_data: unknown, context): MessageContext | undefined => {
  const message: unknown = context.getArgByIndex(2);
  return message instanceof MessageContext ? message : undefined;
});
