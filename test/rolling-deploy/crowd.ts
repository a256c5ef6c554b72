import { signToken } from '../support/jwt.js';
import { Member } from './member.js';

// Each of them hears of each other's coming and going, beside the messages.
const membersPerRoom = 20;
const connectedAtOnce = 100;

/** Where a crowd comes together. */
export interface Gathering {
  readonly url: string;
  readonly clientCount: number;
  /** Called now and then with how many have come. */
  readonly onProgress: (joinedCount: number) => void;
  readonly signal: AbortSignal;
}

/** Clients in rooms of 20. Closed by `await using`. */
export class Crowd implements AsyncDisposable {
  readonly rooms: readonly string[];
  readonly #members: Member[] = [];

  private constructor(clientCount: number) {
    const roomCount = Math.ceil(clientCount / membersPerRoom);
    this.rooms = Array.from({ length: roomCount }, (_, index) => `chat:deploy-${String(index + 1)}`);
  }

  /** Answers once all are in their rooms. */
  static async gather({ url, clientCount, onProgress, signal }: Gathering): Promise<Crowd> {
    const crowd = new Crowd(clientCount);
    try {
      while (crowd.#members.length < clientCount) {
        signal.throwIfAborted();
        onProgress(crowd.#members.length);
        await crowd.#add(url, Math.min(connectedAtOnce, clientCount - crowd.#members.length));
      }
      return crowd;
    } catch (error) {
      await crowd[Symbol.asyncDispose]();
      throw error;
    }
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** How many members together have of what {@link count} says of one. */
  sum(count: (member: Member) => number): number {
    return this.#members.reduce((sum, member) => sum + count(member), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }

  async #add(url: string, count: number): Promise<void> {
    const first = this.#members.length;
    const tokens = await Promise.all(
      Array.from({ length: count }, (_, index) => signToken(`user-${String(first + index)}`)),
    );
    const added = tokens.map((token, index) => new Member(this.#roomOf(first + index), url, token));
    this.#members.push(...added);
    await Promise.all(added.map((member) => member.join()));
  }

  #roomOf(index: number): string {
    return this.rooms[index % this.rooms.length] ?? '';
  }
}
