import { isName, nameRule } from '@nest-wsc/protocol';
import { MESSAGE_MAPPING_METADATA, MESSAGE_METADATA } from '@nestjs/websockets/internal';
import type { Hub, MessageContext, MessageHandler } from '../../core/index.js';
import { marks } from '../decorators/marks.js';
import { mapErrors } from '../errors/map-errors.js';
import type { BoundMethod, MethodBinder } from '../handlers/method-binder.js';
import { takesAck } from '../handlers/ws-params.js';
import { declaredMethod, markOn, type Gateway } from './gateway.js';

/** Makes every `@SubscribeMessage` method of a gateway the handler of its event. @throws {Error} for an event that has one already. */
export function registerMessages(hub: Hub, binder: MethodBinder, gateway: Gateway): void {
  for (const name of gateway.methodNames) {
    const method = declaredMethod(gateway, name);
    if (method === undefined || Reflect.getMetadata(MESSAGE_MAPPING_METADATA, method) !== true) continue;
    const origin = `${gateway.classRef.name}.${name}`;
    const event = eventOf(method, origin);
    const bound = binder.bind(gateway.wrapper, name, { guards: true, interceptors: true, filters: true });
    const handler = takesAck(gateway.classRef, name) ? answeringByAck(bound, event) : answeringByReturn(bound, event);
    const runsAgain = markOn(marks.idempotent, method)?.onLost === 'rerun';
    hub.routes.add({
      ...{ event, path: gateway.path, handler, origin },
      ...(runsAgain && { isRepeatable: () => true }),
    });
  }
}

function eventOf(method: object, origin: string): string {
  const event: unknown = Reflect.getMetadata(MESSAGE_METADATA, method);
  if (isName(event)) return event;
  throw new Error(
    `${origin}: expected @SubscribeMessage to name an event of ${nameRule}, got ${JSON.stringify(event)}`,
  );
}

/** The arguments are connection, data, context, then the pattern last, where Nest's `getPattern()` looks for it. */
function answeringByReturn(bound: BoundMethod, event: string): MessageHandler {
  return mapErrors((data: unknown, context: MessageContext) =>
    bound(context.connection, [context.connection, data, context, event]),
  );
}

/** A handler with `@Ack()` answers when it calls it; what it returns is an answer too, if that comes first. */
function answeringByAck(bound: BoundMethod, event: string): MessageHandler {
  const call = mapErrors(bound);
  return async (data, context) => {
    let acknowledge: (answer: unknown) => void = () => undefined;
    const acknowledged = new Promise<unknown>((resolve) => (acknowledge = resolve));
    const args = [context.connection, data, context, (answer: unknown) => acknowledge(answer), event];
    const returned = await call(context.connection, args);
    if (returned !== undefined || context.kind === 'notify') return returned;
    return Promise.race([acknowledged, untilGone(context)]);
  };
}

function untilGone({ signal }: MessageContext): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
