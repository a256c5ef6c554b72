import fc from 'fast-check';
import { inboxOf, type Happening, type HistoryEvent, type Place } from '../history.js';

const rooms = ['chat:a', 'chat:b'];
const clients = ['u1-a', 'u1-b', 'u2-a', 'u3-a'];
const userOf = (client: string): string => client.slice(0, 2);

/** What one client does, or what comes to it, in one room. */
type ClientStep =
  | {
      readonly step: 'publish';
      readonly client: number;
      readonly room: number;
      readonly end: 'acknowledged' | 'unknown' | 'failed';
    }
  | { readonly step: 'deliver' | 'disconnect' | 'connect' | 'move'; readonly client: number; readonly room: number };

/** One step of a run; the numbers choose among what there is. */
export type Step =
  | ClientStep
  | { readonly step: 'durable'; readonly client: number; readonly to: number }
  | { readonly step: 'trim' | 'deliver-to-all'; readonly room: number }
  | { readonly step: 'lose-data' };

interface Entry {
  readonly key: string;
  readonly offset: number;
  readonly exceptConnection: string;
}

interface Room {
  readonly name: string;
  epoch: number;
  top: number;
  entries: Entry[];
}

/** How a correct system behaves, with everything that may happen to it: the source of histories that must pass the checker. */
class Model {
  readonly events: HistoryEvent[] = [];
  readonly #rooms: readonly Room[] = rooms.map((name) => ({ name, epoch: 1, top: 0, entries: [] }));
  /** Client and room → place. */
  readonly #places = new Map<string, { offset: number; epoch: number }>();
  readonly #had = new Map<string, Set<string>>();
  readonly #connections = new Map<string, number>();
  readonly #inboxes = new Map<string, { readonly key: string; readonly offset: number }[]>();
  #keys = 0;

  take(step: Step): void {
    switch (step.step) {
      case 'lose-data':
        this.#loseData();
        break;
      case 'trim':
        pick(this.#rooms, step.room).entries.splice(0, 3);
        break;
      case 'deliver-to-all':
        this.#deliverToAll(pick(this.#rooms, step.room));
        break;
      case 'durable':
        this.#sendDurable(pick(clients, step.client), userOf(pick(clients, step.to)));
        break;
      default:
        this.#act(step, pick(clients, step.client), pick(this.#rooms, step.room));
    }
  }

  end(): readonly HistoryEvent[] {
    for (const client of clients) {
      this.#connect(client);
      for (const room of this.#rooms) while (this.#deliver(client, room));
      this.#readInbox(client);
    }
    for (const { name } of this.#rooms) {
      const there = clients.filter((client) => this.#places.has(`${client} ${name}`));
      this.#add({ kind: 'present', stream: name, users: [...new Set(there.map(userOf))] });
    }
    for (const user of new Set(clients.map(userOf))) this.#add({ kind: 'kept', user, count: 0 });
    return this.events;
  }

  #act(step: ClientStep, client: string, room: Room): void {
    if (step.step === 'connect') this.#connect(client);
    else if (step.step === 'disconnect') this.#disconnect(client);
    else if (!this.#isConnected(client)) return;
    else if (step.step === 'publish') this.#publish(client, room, step.end);
    else if (step.step === 'move') this.#move(client, room);
    else if (!this.#deliver(client, room)) this.#readInbox(client);
  }

  #publish(client: string, room: Room, end: 'acknowledged' | 'unknown' | 'failed'): void {
    const key = this.#begin(client, room.name);
    const isStored = end === 'acknowledged' || (end === 'unknown' && this.#keys % 2 === 0);
    if (isStored) {
      room.top += 1;
      room.entries.push({ key, offset: room.top, exceptConnection: this.#connectionOf(client) });
    }
    if (end !== 'acknowledged') this.#add({ kind: end, key, error: 'WSC_TIMEOUT' });
    else this.#add({ kind: end, key, id: `id-${key}`, place: { offset: room.top, epoch: epochOf(room) } });
  }

  #sendDurable(client: string, user: string): void {
    if (!this.#isConnected(client)) return;
    const key = this.#begin(client, inboxOf(user));
    const inbox = this.#inboxes.get(user) ?? [];
    this.#inboxes.set(user, inbox);
    const offset = inbox.length + 1;
    inbox.push({ key, offset });
    this.#add({ kind: 'acknowledged', key, id: `id-${key}`, place: { offset, epoch: 'inbox' } });
  }

  #begin(client: string, stream: string): string {
    this.#keys += 1;
    const key = `m${String(this.#keys)}`;
    this.#add({ kind: 'publish', key, client, stream });
    return key;
  }

  #connect(client: string): void {
    if (this.#isConnected(client)) return;
    this.#connections.set(client, Math.abs(this.#connections.get(client) ?? 0) + 1);
    this.#add({ kind: 'connected', client, user: userOf(client), node: 'n1' });
    for (const room of this.#rooms) this.#recover(client, room);
  }

  #disconnect(client: string): void {
    if (!this.#isConnected(client)) return;
    this.#add({ kind: 'disconnected', client, code: 1006 });
    this.#connections.set(client, -(this.#connections.get(client) ?? 0));
  }

  #recover(client: string, room: Room): void {
    const place = this.#places.get(`${client} ${room.name}`);
    if (place === undefined) return;
    const isLost = place.epoch !== room.epoch || place.offset + 1 < oldestOf(room);
    if (isLost) {
      this.#places.set(`${client} ${room.name}`, { offset: room.top, epoch: room.epoch });
      this.#add({ kind: 'lost', client, stream: room.name, reason: place.epoch === room.epoch ? 'trimmed' : 'epoch' });
    } else {
      this.#add({ kind: 'recovered', client, stream: room.name, from: place.offset, to: room.top });
    }
  }

  #move(client: string, room: Room): void {
    const name = `${client} ${room.name}`;
    if (this.#places.delete(name)) {
      this.#add({ kind: 'left', client, stream: room.name });
      return;
    }
    this.#add({ kind: 'joining', client, stream: room.name });
    const early = this.#hearEarly(client, room);
    // The gateway may not have heard of the newest messages: all above the place follow, also what the client had when it was here before.
    const offset = Math.max(room.top - (this.#keys % 4), oldestOf(room) - 1, early);
    this.#places.set(name, { offset, epoch: room.epoch });
    this.#add({ kind: 'joined', client, stream: room.name, place: { offset, epoch: epochOf(room) } });
  }

  /** Where a resumed session is in the room still, a message may come before the answer to the join. Answers the offset. */
  #hearEarly(client: string, room: Room): number {
    const newest = room.entries.at(-1);
    if (newest === undefined || this.#keys % 2 === 0 || newest.exceptConnection === this.#connectionOf(client))
      return 0;
    this.#receive(client, room.name, newest.key, { offset: newest.offset, epoch: epochOf(room) });
    return newest.offset;
  }

  #deliverToAll(room: Room): void {
    for (const client of clients) if (this.#isConnected(client)) this.#deliver(client, room);
  }

  /** Whether there was anything to deliver. */
  #deliver(client: string, room: Room): boolean {
    const place = this.#places.get(`${client} ${room.name}`);
    if (place === undefined) return false;
    if (place.epoch !== room.epoch || oldestOf(room) > place.offset + 1) this.#recover(client, room);
    const next = room.entries.find(({ offset }) => offset > (this.#places.get(`${client} ${room.name}`)?.offset ?? 0));
    if (next === undefined) return false;
    this.#places.set(`${client} ${room.name}`, { offset: next.offset, epoch: room.epoch });
    if (next.exceptConnection !== this.#connectionOf(client)) {
      this.#receive(client, room.name, next.key, { offset: next.offset, epoch: epochOf(room) });
    }
    return true;
  }

  #readInbox(client: string): void {
    const stream = inboxOf(userOf(client));
    for (const { key, offset } of this.#inboxes.get(userOf(client)) ?? []) {
      this.#receive(client, stream, key, { offset, epoch: 'inbox' });
    }
  }

  #receive(...[client, stream, key, place]: readonly [string, string, string, Place]): void {
    const had = this.#had.get(client) ?? new Set();
    this.#had.set(client, had);
    if (had.has(key)) return;
    had.add(key);
    this.#add({ kind: 'received', client, stream, key, id: `id-${key}`, place });
  }

  #loseData(): void {
    this.#add({ kind: 'data-lost' });
    for (const room of this.#rooms) {
      room.epoch += 1;
      room.top = 0;
      room.entries = [];
    }
  }

  #connectionOf(client: string): string {
    return `${client} ${String(this.#connections.get(client))}`;
  }

  #isConnected(client: string): boolean {
    return (this.#connections.get(client) ?? 0) > 0;
  }

  #add(happening: Happening): void {
    this.events.push({ at: this.events.length, ...happening });
  }
}

const oldestOf = ({ entries, top }: Room): number => entries[0]?.offset ?? top + 1;
const epochOf = ({ name, epoch }: Room): string => `${name}/${String(epoch)}`;

function pick<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('There is nothing to choose from.');
  return item;
}

/** The history of a correct system that took these steps, and came to rest then. */
export function simulate(steps: readonly Step[]): readonly HistoryEvent[] {
  const model = new Model();
  for (const client of clients.keys()) {
    model.take({ step: 'connect', client, room: 0 });
    for (const room of rooms.keys()) model.take({ step: 'move', client, room });
  }
  for (const step of steps) model.take(step);
  return model.end();
}

const client = fc.nat({ max: clients.length - 1 });
const room = fc.nat({ max: rooms.length - 1 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('publish' as const),
      client,
      room,
      end: fc.constantFrom('acknowledged', 'acknowledged', 'unknown', 'failed'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('durable' as const), client, to: client }) },
  {
    weight: 10,
    arbitrary: fc.record({
      step: fc.constantFrom('deliver', 'deliver', 'deliver', 'disconnect', 'connect', 'connect'),
      client,
      room,
    }),
  },
  { weight: 6, arbitrary: fc.record({ step: fc.constant('deliver-to-all' as const), room }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('move' as const), client, room }) },
  { weight: 4, arbitrary: fc.record({ step: fc.constant('trim' as const), room }) },
  { weight: 2, arbitrary: fc.constant({ step: 'lose-data' as const }) },
);

/** Steps in any order; enough of them for what takes several to come about. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(step, { minLength: 60, maxLength: 150 });
