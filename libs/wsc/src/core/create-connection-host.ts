import { neverUnhandled } from './async/maybe-promise.js';
import type { ConnectionHost } from './connections/connection-host.js';
import type { Connection } from './connections/connection.js';
import type { HubParts } from './hub-parts.js';
import { traceIdFrom } from './ids.js';
import type { AnswerContext } from './inbound/answers.js';
import { Inbound } from './inbound/inbound.js';

/** What the parts of a hub do for its connections. @param parts asked for later: they are made with this host. */
export function createConnectionHost(parts: () => HubParts): ConnectionHost<Connection> {
  return {
    send: (connection, message, ack) => parts().sender.direct(connection, message, ack),
    reply: (connection, requestId, data) => parts().answers.respond(manualAnswer(connection, requestId), data),
    refuse: (connection, requestId, error) => parts().answers.refuse(manualAnswer(connection, requestId), error),
    join: (connection, room) => neverUnhandled(parts().membership.join(connection, room), parts().callFailed),
    leave: (connection, room) => neverUnhandled(parts().membership.leave(connection, room), parts().callFailed),
    messageDropped: (connection, message, wasQueued) => parts().slowConsumers.dropped(connection, message, wasQueued),
    roomsChanged: (connection) => parts().keeper.changed(connection),
    drained: (connection) => {
      parts().catchUp.drained(connection);
      parts().inboxReaders.drained(connection);
    },
    slowConsumerClosed: () => parts().slowConsumers.closed(),
    createInbound: (connection) => new Inbound(connection, parts().inbound),
    closing: (connection) => parts().connector.closing(connection),
    closed: (connection, reason) => parts().connector.closed(connection, reason),
    coarseNow: () => parts().heartbeat.now,
  };
}

/**
 * What a handler answers itself belongs to no context that the hub still has, so its event is not known any more: dialects call
 * it this.
 */
function manualAnswer(connection: Connection, requestId: string | undefined): AnswerContext {
  return { connection, event: 'response', kind: 'request', form: 'wsc', requestId, traceId: traceIdFrom(undefined) };
}
