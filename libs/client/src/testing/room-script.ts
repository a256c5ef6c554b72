import { errorCatalogue, type ErrorName, type ServerEnvelope } from '@nest-wsc/protocol';
import type { WscClient } from '../client.js';
import type { RoomRecovery } from '../recovery-answers.js';
import type { ScriptedConnection } from './scripted-connection.js';
import { startClient } from './start-client.js';

/** A position in the epoch that the scripts use. */
export const at = (offset: number, epoch = 'e') => ({ offset, epoch });

/** Sends the message of a room that stands at `offset`. */
export function say(
  connection: ScriptedConnection,
  offset: number,
  more: { epoch?: string; prevOffset?: number; from?: string } = {},
) {
  const { epoch = 'e', ...rest } = more;
  connection.notify({ id: `${epoch}${offset}`, data: offset, room: 'chat:1', ...at(offset, epoch), ...rest });
}

/** Keeps the data of `news`; resolves {@link Heard.until} once one of them has come. */
export class Heard {
  readonly data: unknown[] = [];
  readonly #waiting = new Map<unknown, () => void>();

  constructor(client: WscClient) {
    client.on('news', (data) => {
      this.data.push(data);
      this.#waiting.get(data)?.();
    });
  }

  /** Resolves with everything up to `last`. */
  async until(last: unknown): Promise<readonly unknown[]> {
    if (!this.data.includes(last)) await new Promise<void>((resolve) => this.#waiting.set(last, resolve));
    return this.data;
  }
}

/** Joins `chat:1`, at the position. */
export async function join(client: WscClient, connection: ScriptedConnection, offset: number): Promise<void> {
  const joined = client.joinRoom('chat:1');
  await connection.answer({ room: 'chat:1', ...at(offset) });
  await joined;
}

/** A client in `chat:1` at offset 4. */
export async function startInRoom(options: Parameters<typeof startClient>[0] = {}) {
  const started = await startClient(options);
  const heard = new Heard(started.client);
  const recoveries: RoomRecovery[] = [];
  started.client.onRecovered((recovery) => recoveries.push(recovery));
  await join(started.client, started.connection, 4);
  return { ...started, heard, recoveries };
}

/** Refuses a request, for now. */
export function refusalOf(
  { requestId }: { readonly requestId: string },
  error: ErrorName = 'WSC_UNAVAILABLE',
): ServerEnvelope {
  const { code } = errorCatalogue[error];
  return { type: 'error', form: 'wsc', requestId, code, error, message: 'no', traceId: 't', timestamp: 1 };
}
