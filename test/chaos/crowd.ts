import { setTimeout as pause } from 'node:timers/promises';
import { signToken } from '../support/jwt.js';
import { until } from '../support/until.js';
import { ChaosClient } from './chaos-client.js';
import type { Deployment } from './deployment.js';
import { inboxOf, inboxOwner, type HistoryLog } from './history.js';
import { SeededRandom } from './random.js';

/** A message that all who follow its stream must get. */
interface LastWord {
  readonly stream: string;
  readonly key: string;
  /** Who hears it only as an answer. */
  readonly by: string | undefined;
}

/** What a {@link Crowd} needs. */
export interface CrowdOptions {
  readonly clientCount: number;
  readonly deployment: Deployment;
  readonly log: HistoryLog;
  readonly seed: number;
}

// Two devices each.
const devices = ['a', 'b'];
const membersPerRoom = 10;
const roomsPerClient = 2;
const pauseBetweenMs = 1_500;
const burst = { messages: 300, paddingCharacters: 16_384 } as const;

/** Many clients that talk to rooms and to each other, come and go, and come back by themselves. */
export class Crowd {
  readonly rooms: readonly string[];
  readonly #clients: readonly ChaosClient[];
  readonly #random: SeededRandom;
  #keyCount = 0;

  private constructor(clients: readonly ChaosClient[], random: SeededRandom) {
    this.#clients = clients;
    this.#random = random;
    const roomCount = Math.max(2, Math.ceil((clients.length * roomsPerClient) / membersPerRoom));
    this.rooms = Array.from({ length: roomCount }, (_, index) => `chat:${String(index + 1)}`);
  }

  /** Answers once all are connected and in their rooms. */
  static async gather({ clientCount, deployment, log, seed }: CrowdOptions): Promise<Crowd> {
    const random = new SeededRandom(seed);
    const { gateways } = deployment;
    const chooseGateway = (): { readonly nodeId: string; readonly url: string } => {
      const { gateway } = random.pick(gateways);
      return { nodeId: gateway.nodeId, url: gateway.process.url };
    };
    const clients = await Promise.all(
      Array.from({ length: clientCount }, async (_, index) => {
        const user = `user-${String(Math.floor(index / devices.length) + 1)}`;
        const name = `${user}-${devices[index % devices.length] ?? 'a'}`;
        return new ChaosClient({ name, user, token: await signToken(user), log, chooseGateway });
      }),
    );
    const crowd = new Crowd(clients, random);
    await Promise.all(clients.map((client) => client.start()));
    await Promise.all(clients.flatMap((client, index) => crowd.#roomsOf(index).map((room) => client.join(room))));
    return crowd;
  }

  get users(): readonly string[] {
    return [...new Set(this.#clients.map(({ user }) => user))];
  }

  get longestOutageMs(): number {
    return Math.max(...this.#clients.map(({ longestOutageMs }) => longestOutageMs));
  }

  get redeliveredCount(): number {
    return this.#clients.reduce((sum, { redeliveredCount }) => sum + redeliveredCount, 0);
  }

  /** Everybody talks, until what it answers is called; that settles when everything said has been answered. */
  startTalking(): () => Promise<void> {
    let isOver = false;
    const talk = async (client: ChaosClient): Promise<void> => {
      while (!isOver) {
        await pause(this.#random.between(0.2, 1.8) * pauseBetweenMs);
        await this.#act(client);
      }
    };
    const talks = this.#clients.map(talk);
    return async () => {
      isOver = true;
      await Promise.all(talks);
    };
  }

  /** Some read nothing for a while, and one of their rooms has much to say meanwhile. */
  async beSlow(lengthMs: number): Promise<void> {
    const slow = this.#clients.filter((_, index) => index % 5 === 0);
    const resumes = slow.map((client) => client.pause());
    const room = slow[0]?.rooms[0];
    const speakers = this.#clients.filter(
      (client) => !slow.includes(client) && client.rooms.some((name) => name === room),
    );
    const padding = 'x'.repeat(burst.paddingCharacters);
    const shouting = Array.from(
      { length: room === undefined || speakers.length === 0 ? 0 : burst.messages },
      async (_, index) => {
        const speaker = speakers[index % speakers.length];
        await speaker?.publish({ key: this.#newKey(), stream: room ?? '', padding, isRepeatable: true, retryCount: 0 });
      },
    );
    await pause(lengthMs);
    for (const resume of resumes) resume();
    await Promise.all(shouting);
  }

  /** All connections break at once. */
  cut(): void {
    for (const client of this.#clients) client.cut();
  }

  /** Waits until everybody has come back, and everything said has come to everybody. Throws where that takes too long. */
  async settle(log: HistoryLog, patienceMs: number): Promise<void> {
    const patience = { patienceMs, everyMs: 100 };
    await until(() => this.#clients.filter(({ isOpen }) => !isOpen).map(({ name }) => name), isEmpty, patience);
    const last = await Promise.all(this.rooms.map((room) => this.#sayLast(room)));
    await until(() => this.#missing(log, last), isEmpty, patience);
    await this.#reachDevices(log, patienceMs);
    const [first] = this.#clients;
    if (first === undefined) return;
    for (const room of this.rooms) await this.#notePresence(room, log, patienceMs);
    for (const client of this.#clients.filter(({ name }) => name.endsWith('-a'))) {
      const count = await settled(
        () => client.inboxSize(),
        (size) => size === 0,
        patienceMs,
      );
      log.add({ kind: 'kept', user: client.user, count });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #act(client: ChaosClient): Promise<void> {
    const chance = this.#random.next();
    const room = client.rooms.length === 0 ? undefined : this.#random.pick(client.rooms);
    if (chance < 0.04 && room !== undefined) {
      await client.leave(room);
      await client.join(room);
      return;
    }
    const stream = chance < 0.25 || room === undefined ? inboxOf(this.#random.pick(this.users)) : room;
    const [isRepeatable, retryCount] = this.#random.pick([
      [false, 0],
      [true, 0],
      [true, 3],
    ] as const);
    await client.publish({ key: this.#newKey(), stream, isRepeatable, retryCount });
  }

  /** Until it is acknowledged: whoever follows the room must get it. */
  async #sayLast(stream: string): Promise<LastWord> {
    const isInbox = inboxOwner(stream) !== undefined;
    const speakers = this.#clients.filter(({ rooms }) => isInbox || rooms.includes(stream));
    for (let attempt = 0; attempt < 50; attempt++) {
      const speaker = speakers[attempt % speakers.length];
      const key = this.#newKey();
      const wasSaid = await speaker?.publish({ key, stream, isRepeatable: true, retryCount: 3 });
      if (wasSaid === true && speaker !== undefined) return { stream, key, by: isInbox ? undefined : speaker.name };
      await pause(200);
    }
    throw new Error(`Nothing can be said in ${stream}.`);
  }

  /** Sends to each user until each device has got one: while the store has lost its data, it does not know them all. */
  async #reachDevices(log: HistoryLog, patienceMs: number): Promise<void> {
    const from = log.events.length;
    const unreached = (): readonly string[] => {
      const got = new Set(
        log.events
          .slice(from)
          .flatMap((event) => (event.kind === 'received' ? [`${event.client} ${event.stream}`] : [])),
      );
      return this.#clients.filter(({ name, user }) => !got.has(`${name} ${inboxOf(user)}`)).map(({ name }) => name);
    };
    const knock = async (): Promise<readonly string[]> => {
      const missing = new Set(unreached());
      const users = new Set(this.#clients.flatMap(({ name, user }) => (missing.has(name) ? [user] : [])));
      await Promise.all([...users].map((user) => this.#sayLast(inboxOf(user))));
      return unreached();
    };
    await until(knock, isEmpty, { patienceMs, everyMs: 500 });
  }

  /** Who has not got the last message of what. */
  #missing(log: HistoryLog, last: readonly LastWord[]): readonly string[] {
    const got = new Set(
      log.events.slice(-50_000).flatMap((event) => (event.kind === 'received' ? [`${event.client} ${event.key}`] : [])),
    );
    return last.flatMap(({ stream, key, by }) =>
      this.#clients
        .filter(({ name, user, rooms }) => name !== by && (rooms.includes(stream) || inboxOwner(stream) === user))
        .map(({ name }) => `${name} ${key}`)
        .filter((name) => !got.has(name)),
    );
  }

  async #notePresence(room: string, log: HistoryLog, patienceMs: number): Promise<void> {
    const members = this.#clients.filter(({ rooms }) => rooms.includes(room));
    const truth = [...new Set(members.map(({ user }) => user))].sort().join();
    const [member] = members;
    if (member === undefined) return;
    const users = await settled(
      () => member.presentUsers(room),
      (told) => [...told].sort().join() === truth,
      patienceMs,
    );
    log.add({ kind: 'present', stream: room, users: users ?? [] });
  }

  /** Two of the rooms, so that all have the same number of members and many pairs share only one. */
  #roomsOf(index: number): readonly string[] {
    const { length } = this.rooms;
    const first = index % length;
    const second = (first + 1 + (Math.floor(index / length) % (length - 1))) % length;
    return this.rooms.filter((_, room) => room === first || room === second);
  }

  #newKey(): string {
    this.#keyCount += 1;
    return `m${String(this.#keyCount)}`;
  }
}

const isEmpty = (names: readonly string[]): boolean => names.length === 0;

/** The last answer, which is the expected one where that came in time. */
async function settled<T>(
  look: () => Promise<T>,
  isExpected: (seen: T) => boolean,
  patienceMs: number,
): Promise<T | undefined> {
  let last: T | undefined;
  const remember = async (): Promise<T | undefined> => (last = await look().catch(() => undefined));
  const isDone = (seen: T | undefined): boolean => seen !== undefined && isExpected(seen);
  await until(remember, isDone, { patienceMs, everyMs: 100 }).catch(() => undefined);
  return last;
}
