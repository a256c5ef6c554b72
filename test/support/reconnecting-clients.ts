import { createClient, type WscClient } from '@nest-wsc/client';
import { setTimeout as pause } from 'node:timers/promises';
import { signToken } from './jwt.js';

/** One user with the client library, in a room, that comes back by itself. */
class ReconnectingClient {
  readonly userId: string;
  /** Users that it was told are offline. */
  readonly toldOffline: string[] = [];
  /** What other members said. */
  readonly heard = new Set<unknown>();
  /** How long each loss of the connection lasted. */
  readonly outagesMs: number[] = [];
  readonly client: WscClient;
  #lostAt: number | undefined;

  constructor(userId: string, url: string, token: string) {
    this.userId = userId;
    this.client = createClient(url, { token });
    this.client.on('user_status', ({ user_id: user, status }) => {
      if (status === 'offline') this.toldOffline.push(user);
    });
    this.client.on('room_message', (data) => void this.heard.add(data));
    this.client.onClose(() => (this.#lostAt = performance.now()));
    this.client.onOpen(() => this.#noteReturn());
  }

  get nodeId(): string | undefined {
    return this.client.connection?.nodeId;
  }

  #noteReturn(): void {
    if (this.#lostAt === undefined) return;
    this.outagesMs.push(performance.now() - this.#lostAt);
    this.#lostAt = undefined;
  }
}

/** Many users in one room, each with a client that comes back by itself. Closed by `await using`. */
export class ReconnectingClients implements AsyncDisposable {
  readonly all: readonly ReconnectingClient[];
  readonly #room: string;

  private constructor(all: readonly ReconnectingClient[], room: string) {
    this.all = all;
    this.#room = room;
  }

  /** Answers once all are in the room. */
  static async join(url: string, room: string, count: number): Promise<ReconnectingClients> {
    const users = Array.from({ length: count }, (_, index) => `user-${index + 1}`);
    const all = await Promise.all(
      users.map(async (userId) => new ReconnectingClient(userId, url, await signToken(userId))),
    );
    const clients = new ReconnectingClients(all, room);
    try {
      await Promise.all(all.map(({ client }) => client.connect()));
      await Promise.all(all.map(({ client }) => client.joinRoom(room)));
      return clients;
    } catch (error) {
      await clients[Symbol.asyncDispose]();
      throw error;
    }
  }

  on(nodeId: string): readonly ReconnectingClient[] {
    return this.all.filter((client) => client.nodeId === nodeId);
  }

  /** How many are connected to each node. */
  get countByNode(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { nodeId = 'none' } of this.all) counts[nodeId] = (counts[nodeId] ?? 0) + 1;
    return counts;
  }

  /** The outages since the last look, shortest first; each of them has ended. */
  takeOutagesMs(): readonly number[] {
    return this.all.flatMap(({ outagesMs }) => outagesMs.splice(0)).sort((a, b) => a - b);
  }

  /** One member tells the room `data`; answers how many of the others have heard it so far. */
  async tellRoom(data: string): Promise<() => number> {
    const [first, ...others] = this.all;
    await first?.client.sendToRoom(this.#room, data);
    return () => others.filter(({ heard }) => heard.has(data)).length;
  }

  /** Each member talks to the room again and again, until what it answers is called. What fails meanwhile is let go. */
  startTalking(everyMs: number): () => Promise<void> {
    let isOver = false;
    const talk = async ({ client }: ReconnectingClient, index: number): Promise<void> => {
      await pause((everyMs * index) / this.all.length);
      while (!isOver) {
        await client.sendToRoom(this.#room, 'talk').catch(() => undefined);
        await pause(everyMs);
      }
    };
    const talks = this.all.map(talk);
    return async () => {
      isOver = true;
      await Promise.all(talks);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ client }) => client.close()));
  }
}
