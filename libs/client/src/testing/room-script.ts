import type { WscClient } from '../client.js';
import type { ScriptedConnection } from './scripted-connection.js';

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
