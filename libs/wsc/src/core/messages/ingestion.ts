import type { IngestedMessage, IngestListener } from '../ports/ingest.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { SendResult } from './message.js';
import type { Sender } from './sender.js';

/** Sends what programs without this library have written, as if the application had. */
export class Ingestion implements IngestListener {
  readonly #sender: Sender;
  readonly #namespaces: NamespaceTable;

  constructor(deps: { readonly sender: Sender; readonly namespaces: NamespaceTable }) {
    this.#sender = deps.sender;
    this.#namespaces = deps.namespaces;
  }

  isKept({ destination, isDurable }: IngestedMessage): boolean {
    if (destination.kind === 'room') return this.#namespaces.of(destination.room)?.history !== undefined;
    return isDurable;
  }

  send({ destination, message, isDurable, timeToLiveMs }: IngestedMessage): Promise<SendResult> {
    switch (destination.kind) {
      case 'everyone':
        return this.#sender.broadcast(message);
      case 'room':
        return this.#sender.toRoom(destination.room, message);
      case 'user': {
        const lifetime = timeToLiveMs === undefined ? {} : { timeToLiveMs };
        return this.#sender.toUser(destination.userId, message, { durable: isDurable, ...lifetime });
      }
    }
  }
}
