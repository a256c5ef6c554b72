import { WscError } from '@nest-wsc/protocol';
import { createClient, type Message, type WscClient } from '@nest-wsc/client';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { inboxOf, type HistoryLog, type Place } from './history.js';
import { outcomeOf } from '../support/outcome.js';

/** What a {@link ChaosClient} needs. */
export interface ChaosClientOptions {
  readonly name: string;
  readonly user: string;
  readonly token: string;
  readonly log: HistoryLog;
  /** Where to connect this time. */
  readonly chooseGateway: () => { readonly nodeId: string; readonly url: string };
}

/** How a publish is made. */
export interface PublishOptions {
  readonly key: string;
  readonly stream: string;
  /** Characters that make the message longer. */
  readonly padding?: string;
  /** Whether the client library may send it again by itself. */
  readonly isRepeatable: boolean;
  /** How often it is tried again while nobody knows what became of it. */
  readonly retryCount: number;
}

const retryMs = 200;

/** The client library as any program uses it, with a log of everything it did and heard. */
export class ChaosClient {
  readonly name: string;
  readonly user: string;
  readonly #log: HistoryLog;
  readonly #client: WscClient;
  readonly #had = new Set<string>();
  #socket: WebSocket | undefined;
  #lostAt: number | undefined;
  #isClosed = false;
  #longestOutageMs = 0;
  #redeliveredCount = 0;

  constructor({ name, user, token, log, chooseGateway }: ChaosClientOptions) {
    this.name = name;
    this.user = user;
    this.#log = log;
    this.#client = createClient('ws://any.gateway/ws', {
      token,
      deviceId: name,
      requestTimeoutMs: 4_000,
      connectTimeoutMs: 3_000,
      pingIntervalMs: 1_000,
      pongTimeoutMs: 1_500,
      reconnect: { baseMs: 100, capMs: 1_000 },
      createSocket: (url, protocols) => this.#connect(chooseGateway(), url, protocols),
      // Why a gateway refused: asked of one that is there. The system's search for a name that is not takes long, and holds up all others.
      fetch: (url, init) => fetch(inPlaceOf(url, chooseGateway().url), init),
    });
    this.#client.on('room_message', (data, message) => this.#hear(message.room ?? 'no room', data, message));
    this.#client.on('durable', (data, message) => this.#hear(inboxOf(user), data, message));
    this.#client.onRecovered((recovery) => {
      const { room: stream } = recovery;
      if (recovery.recovered) {
        const { from, to } = recovery;
        log.add({ kind: 'recovered', client: name, stream, from, to });
      } else log.add({ kind: 'lost', client: name, stream, reason: recovery.reason });
    });
    // A room that it is refused for good is one that it hears nothing of any more, which the checker finds.
    this.#client.onError(() => undefined);
  }

  get isOpen(): boolean {
    return this.#client.state === 'open';
  }

  get rooms(): readonly string[] {
    return this.#client.rooms;
  }

  get longestOutageMs(): number {
    return this.#longestOutageMs;
  }

  /** Messages that came to the socket again. */
  get redeliveredCount(): number {
    return this.#redeliveredCount;
  }

  async start(): Promise<void> {
    await this.#client.connect();
  }

  /** Tries until the gateways let it in. */
  async join(room: string): Promise<void> {
    this.#log.add({ kind: 'joining', client: this.name, stream: room });
    const { position } = await this.#insist(() => this.#client.joinRoom(room));
    this.#log.add({ kind: 'joined', client: this.name, stream: room, place: position });
  }

  /** Tries until it is out. */
  async leave(room: string): Promise<void> {
    this.#log.add({ kind: 'leaving', client: this.name, stream: room });
    await this.#insist(() => this.#client.leaveRoom(room));
    this.#log.add({ kind: 'left', client: this.name, stream: room });
  }

  /** Says in the log what became of it; answers whether it was acknowledged. */
  async publish({ key, stream, padding, isRepeatable, retryCount }: PublishOptions): Promise<boolean> {
    this.#log.add({ kind: 'publish', key, client: this.name, stream });
    let isInDoubt = false;
    for (let attempt = 0; attempt <= retryCount; attempt++) {
      try {
        const { id, place } = await this.#send(stream, {
          key,
          padding,
          id: isRepeatable || retryCount > 0 ? key : undefined,
        });
        this.#log.add({ kind: 'acknowledged', key, id, place });
        return true;
      } catch (thrown) {
        const { kind, error } = outcomeOf(thrown);
        // An attempt that certainly failed says nothing of those before.
        if (kind === 'failed' && !isInDoubt) {
          this.#log.add({ kind, key, error });
          return false;
        }
        if (!isInDoubt) this.#log.add({ kind: 'unknown', key, error });
        isInDoubt = true;
      }
    }
    return false;
  }

  /** How many messages wait in its user's inbox. */
  async inboxSize(): Promise<number> {
    const { messages } = (await this.#client.request('inbox_size', {})) as { readonly messages: number };
    return messages;
  }

  async presentUsers(room: string): Promise<readonly string[]> {
    const { users } = await this.#client.presence(room);
    return users.map(({ userId }) => userId);
  }

  /** Its network breaks. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** Reads nothing on its connection until what it answers is called, also where there is another connection by then. */
  pause(): () => void {
    const socket = this.#socket;
    socket?.pause();
    return () => socket?.resume();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#client.close();
  }

  /** Tries again while the gateways say that it may succeed later. */
  async #insist<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (thrown) {
        if (this.#isClosed || !(thrown instanceof WscError && thrown.temporary)) throw thrown;
        await pause(retryMs);
      }
    }
  }

  async #send(
    stream: string,
    {
      key,
      padding,
      id,
    }: { readonly key: string; readonly padding: string | undefined; readonly id: string | undefined },
  ): Promise<{ readonly id: string; readonly place: Place | undefined }> {
    const options = id === undefined ? {} : { id };
    const owner = stream.startsWith('inbox:') ? stream.slice('inbox:'.length) : undefined;
    const answer =
      owner === undefined
        ? await this.#client.sendToRoom(stream, { key, padding }, options)
        : ((await this.#client.request('durable', { to: owner, key }, options)) as Partial<Place> & {
            readonly id: string;
          });
    const { offset, epoch } = answer as Partial<Place>;
    return { id: answer.id, place: offset === undefined || epoch === undefined ? undefined : { offset, epoch } };
  }

  #hear(stream: string, data: unknown, { id, offset, epoch }: Message): void {
    const { key } = data as { readonly key: string };
    const place = offset === undefined || epoch === undefined ? undefined : { offset, epoch };
    this.#log.add({ kind: 'received', client: this.name, stream, key, id, place });
  }

  #connect(
    gateway: ReturnType<ChaosClientOptions['chooseGateway']>,
    url: string,
    protocols: readonly string[],
  ): WebSocket {
    // What the library says in the URL, such as which device it is, goes with it.
    const socket = new WebSocket(inPlaceOf(url, gateway.url), [...protocols]);
    let wasOpen = false;
    socket.on('open', () => {
      wasOpen = true;
      this.#log.add({ kind: 'connected', client: this.name, user: this.user, node: gateway.nodeId });
      if (this.#lostAt !== undefined) {
        this.#longestOutageMs = Math.max(this.#longestOutageMs, performance.now() - this.#lostAt);
      }
      this.#lostAt = undefined;
    });
    socket.on('message', (raw: Buffer) => this.#countRedelivery(raw.toString()));
    socket.on('close', (code) => {
      if (!wasOpen) return;
      this.#lostAt ??= performance.now();
      this.#log.add({ kind: 'disconnected', client: this.name, code });
    });
    socket.on('error', () => undefined);
    this.#socket = socket;
    return socket;
  }

  #countRedelivery(text: string): void {
    if (!text.includes('"notify"')) return;
    const id = /"id":"([^"]+)"/.exec(text)?.[1];
    if (id === undefined) return;
    if (this.#had.has(id)) this.#redeliveredCount += 1;
    else this.#had.add(id);
  }
}

/** The same URL, of another program on this machine. */
function inPlaceOf(url: string | URL | Request, otherUrl: string): URL {
  const target = new URL(url instanceof Request ? url.url : url);
  target.host = `127.0.0.1:${new URL(otherUrl).port}`;
  return target;
}
