import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../support/until.js';
import { inboxOf } from './evidence.js';
import type { Installation } from './installation.js';
import { Ledger } from './ledger.js';
import { Member, type MemberOptions } from './member.js';
import { Sender } from './sender.js';
import { tally, type Tally } from './tally.js';

const roomCount = 4;
const usersPerPresence = 4;
const sendersPerGateway = 4;
const patience = { patienceMs: 60_000, everyMs: 50 };

/** Those who send, and those who should get it. */
export class People {
  readonly #ledger = new Ledger();
  readonly #members: Member[] = [];
  readonly #senders: Sender[] = [];

  async gather(installation: Installation, urls: readonly string[]): Promise<void> {
    const rooms = await namesOnWhatFails(installation, 'chat:', roomCount);
    const users = await namesOnWhatFails(installation, 'user-', 2 * usersPerPresence);
    const urlOf = (index: number): string => urls[index % urls.length] ?? '';
    const arrivals: MemberOptions[] = users.map((user, index) => ({
      user,
      presence: index < usersPerPresence ? 'away' : 'there',
      url: urlOf(index),
      // The first two of both kinds are in the rooms, one on each gateway.
      rooms: index % usersPerPresence < urls.length ? rooms : [],
      hasInbox: true,
    }));
    this.#members.push(...(await Promise.all(arrivals.map((arrival) => Member.arrive(arrival)))));
    const streams = [...rooms, ...users.map(inboxOf)];
    for (let index = 0; index < sendersPerGateway * urls.length; index++) {
      const [gateway, name] = [index % urls.length, `sender-${String(index)}`];
      // Each begins with another one, so that all are sent to at any time.
      const own = [...streams.slice(index), ...streams.slice(0, index)];
      this.#senders.push(
        await Sender.connect({ name, gateway, url: urlOf(index), streams: own, ledger: this.#ledger }),
      );
    }
  }

  async live({ fail }: Installation, phaseMs: number): Promise<Tally> {
    const away = this.#members.filter(({ presence }) => presence === 'away');
    for (const sender of this.#senders) sender.start();
    await pause(phaseMs);
    await Promise.all(away.map((member) => member.leave()));
    await pause(phaseMs);
    const faultAt = performance.now();
    await fail();
    await pause(phaseMs);
    const endedAt = performance.now();
    await Promise.all(this.#senders.map((sender) => sender.stop()));
    await Promise.all(away.map((member) => member.comeBack()));
    await this.#settle();
    const { acknowledgements, refusedCount, unknownCount } = this.#ledger;
    const followers = this.#members.map(({ evidence }) => evidence);
    const inHistory = new Set(await this.#members.find(({ rooms }) => rooms.length > 0)?.readHistories());
    const inTime = acknowledgements.filter(({ at }) => at <= endedAt);
    const counts = { refusedCount, unknownCount };
    return tally({ acknowledgements: inTime, ...counts, followers, inHistory, faultAt, endedAt });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members.map((member) => member.leave()), ...this.#senders.map((each) => each.close())]);
  }

  /** Everybody gets one more message on each stream. What was sent before it has come before, or never comes. */
  async #settle(): Promise<void> {
    for (const { streams } of this.#members.map(({ evidence }) => evidence)) {
      for (const stream of streams) await this.#reachAll(stream);
    }
    await Promise.all(this.#members.map((member) => member.untilInboxIsEmpty()));
  }

  async #reachAll(stream: string): Promise<void> {
    const followers = this.#members.filter(({ evidence }) => evidence.streams.includes(stream));
    const isHeard = async (): Promise<boolean> => {
      const key = await this.#senders[0]?.sendLast(stream);
      return until(
        () => followers.every((member) => key !== undefined && member.has(key)),
        (isThere) => isThere,
        { patienceMs: 15_000, everyMs: 10 },
      ).catch(() => false);
    };
    await until(isHeard, (isDone) => isDone, patience);
  }
}

/** The first names of a kind whose keys are where Redis is about to fail. */
async function namesOnWhatFails(
  { isHit = () => Promise.resolve(true) }: Installation,
  prefix: string,
  count: number,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (let number = 1; names.length < count; number++) {
    const name = `${prefix}${String(number)}`;
    if (await isHit(name)) names.push(name);
  }
  return names;
}
