import { WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { Route } from '../inbound/route-table.js';
import { createMessageId } from '../ids.js';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { Sender } from '../messages/sender.js';
import { parseFields, parseTo } from './parse-data.js';
import { senderOf } from './sender-of.js';

/** Whether a client may write to a user. */
export type AuthorizeChat = (from: Connection, to: string) => MaybePromise<boolean>;

/** `chat` (PROTOCOL.md §4): to all devices of a user and to the sender's other devices. Off until the application allows it. */
export function chatRoute(deps: {
  readonly sender: Sender;
  readonly authorize: () => AuthorizeChat | undefined;
}): Route {
  return {
    event: 'chat',
    isBuiltIn: true,
    isExclusive: true,
    handler: async (data, { connection }) => {
      const to = parseTo(data);
      if (connection.userId === undefined || (await deps.authorize()?.(connection, to)) !== true)
        throw new WscError('WSC_FORBIDDEN');
      const message = {
        id: createMessageId(),
        event: 'chat',
        data: parseFields(data)['data'],
        to,
        ...senderOf(connection),
      };
      const except = { exceptConnectionId: connection.id };
      await deps.sender.toUser(to, message, except);
      if (to !== connection.userId) await deps.sender.toUser(connection.userId, message, except);
      return { id: message.id };
    },
  };
}
