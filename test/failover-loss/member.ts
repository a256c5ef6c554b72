import { createClient, type RoomPositions, type WscClient } from '@nest-wsc/client';
import { WebSocket } from 'ws';
import { signToken } from '../support/jwt.js';
import { until } from '../support/until.js';
import { inboxOf, type Follower, type Notice } from './evidence.js';

/** What a {@link Member} needs. */
export interface MemberOptions {
  readonly user: string;
  readonly presence: Follower['presence'];
  /** Where it connects, each time. */
  readonly url: string;
  /** Those that it is in. */
  readonly rooms: readonly string[];
  /** Whether what is sent to its user is watched too. */
  readonly hasInbox: boolean;
}

/** As PROTOCOL.md §6.3 says. */
interface HistoryPage {
  readonly messages: readonly { readonly data: Content; readonly offset: number; readonly epoch: string }[];
  readonly complete: boolean;
}

/** As gateway.mjs answers `inbox_size`. */
interface InboxSize {
  readonly messages: number;
}

/** What is sent, see gateway.mjs. */
interface Content {
  readonly key: string;
}

const patience = { patienceMs: 60_000, everyMs: 50 };

/** A device of a user with the client library, as an application has it; what it got outlives its connections. */
export class Member {
  readonly user: string;
  readonly presence: Follower['presence'];
  readonly rooms: readonly string[];
  readonly #url: string;
  readonly #hasInbox: boolean;
  readonly #token: string;
  readonly #received = new Set<string>();
  readonly #notices: Notice[] = [];
  #positions: RoomPositions = {};
  #client: WscClient;

  private constructor({ user, presence, url, rooms, hasInbox }: MemberOptions, token: string) {
    this.user = user;
    this.presence = presence;
    this.rooms = rooms;
    this.#url = url;
    this.#hasInbox = hasInbox;
    this.#token = token;
    this.#client = this.#createClient();
  }

  /** Answers once it is connected and in its rooms. */
  static async arrive(options: MemberOptions): Promise<Member> {
    const member = new Member(options, await signToken(options.user));
    await member.#enter();
    return member;
  }

  get evidence(): Follower {
    const { user: name, presence, rooms } = this;
    const streams = this.#hasInbox ? [...rooms, inboxOf(name)] : rooms;
    return { name, presence, streams, received: this.#received, notices: this.#notices };
  }

  has(key: string): boolean {
    return this.#received.has(key);
  }

  /** Closes its connection, and remembers where it was in its rooms. */
  async leave(): Promise<void> {
    await this.#client.close();
  }

  /** As a program that was started again. */
  async comeBack(): Promise<void> {
    this.#client = this.#createClient();
    await this.#enter();
  }

  /** Keys of what the histories of its rooms hold. */
  async readHistories(): Promise<readonly string[]> {
    return (await Promise.all(this.rooms.map((room) => this.#readHistory(room)))).flat();
  }

  /** Until every message in its user's inbox is acknowledged. */
  async untilInboxIsEmpty(): Promise<void> {
    const count = (): Promise<number | undefined> =>
      this.#client.request('inbox_size', {}).then(
        (size) => (size as InboxSize).messages,
        () => undefined,
      );
    await until(count, (messages) => messages === 0, patience);
  }

  async #readHistory(room: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let since: object | undefined;
    for (;;) {
      const request = { room, limit: 1_000, ...(since && { since }) };
      const page = (await this.#client.request('history', request)) as HistoryPage;
      keys.push(...page.messages.map(({ data }) => data.key));
      const last = page.messages.at(-1);
      if (page.complete || last === undefined) return keys;
      since = { offset: last.offset, epoch: last.epoch };
    }
  }

  async #enter(): Promise<void> {
    await this.#client.connect();
    for (const room of this.rooms) await this.#join(room);
  }

  async #join(room: string): Promise<void> {
    const attempt = async (): Promise<boolean> =>
      this.#client.joinRoom(room).then(
        () => true,
        () => false,
      );
    await until(attempt, (hasJoined) => hasJoined, patience);
  }

  #createClient(): WscClient {
    const client = createClient(this.#url, {
      token: this.#token,
      deviceId: this.user,
      reconnect: { baseMs: 100, capMs: 1_000 },
      positions: { load: () => this.#positions, save: (positions) => void (this.#positions = positions) },
      createSocket: (url, protocols) => new WebSocket(url, [...protocols]),
    });
    client.on('kept', (data) => this.#received.add((data as Content).key));
    client.onRecovered((recovery) => {
      const { room } = recovery;
      if (!recovery.recovered) this.#notices.push({ room, reason: recovery.reason, at: performance.now() });
    });
    client.onError(() => undefined);
    return client;
  }
}
