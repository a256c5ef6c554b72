import { until } from '../until.js';
import { Fleet } from './fleet.js';
import type { RedisConfig, RedisServer } from './redis-server.js';
import { infoFields, list, text } from './reply.js';

export const slotCount = 16_384;

const patience = { patienceMs: 20_000, everyMs: 25 };
const keysPerMove = 100;
const moveTimeoutMs = 5_000;

export interface ClusterOptions {
  /** @default 3 */
  readonly masterCount?: number;
  /** @default 0 */
  readonly replicasPerMaster?: number;
  /** After how long without an answer the others take a node for dead. @default 2000 */
  readonly nodeTimeoutMs?: number;
  /** Further lines of redis.conf, the same on all. */
  readonly config?: RedisConfig;
}

/** A real Redis Cluster. `await using` ends it. */
export class RedisCluster implements AsyncDisposable {
  /** The masters of the start, in the order of their slots. */
  readonly masters: readonly RedisServer[];
  /** First one replica of each master in the masters' order, then the next. */
  readonly replicas: readonly RedisServer[];
  readonly #fleet: Fleet;

  private constructor(fleet: Fleet, masters: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.#fleet = fleet;
    this.masters = masters;
    this.replicas = replicas;
  }

  /** Starts all and answers once each serves all slots and each replica follows its master. */
  static start(options: ClusterOptions): Promise<RedisCluster> {
    const { masterCount = 3, replicasPerMaster = 0, nodeTimeoutMs = 2_000, config } = options;
    return Fleet.build(async (fleet) => {
      const nodes = await fleet.start(masterCount * (1 + replicasPerMaster), {
        mode: 'cluster',
        config: { 'cluster-node-timeout': nodeTimeoutMs, ...config },
      });
      const cluster = new RedisCluster(fleet, nodes.slice(0, masterCount), nodes.slice(masterCount));
      await cluster.#introduce();
      await cluster.#assignSlots();
      await cluster.#assignReplicas();
      await cluster.untilOk();
      return cluster;
    });
  }

  get nodes(): readonly RedisServer[] {
    return [...this.masters, ...this.replicas];
  }

  /** As ioredis takes it: start-up nodes. */
  get clientConfig(): readonly { readonly host: string; readonly port: number }[] {
    return this.nodes.map(({ host, port }) => ({ host, port }));
  }

  async slotOf(key: string): Promise<number> {
    return Number(await this.#anyRunning.ask('CLUSTER', 'KEYSLOT', key));
  }

  /** The master that has a slot, as a node that runs sees it. */
  async ownerOf(slot: number): Promise<RedisServer> {
    const seen = await ownerSeenBy(this.#anyRunning, slot);
    const owner = this.nodes.find(({ port }) => port === seen?.port);
    if (owner === undefined) throw new Error(`No node has slot ${slot}.`);
    return owner;
  }

  /** Gives a slot with its keys from one master to another, and answers when all nodes know. */
  async moveSlot(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
    const [fromId, toId] = await Promise.all([idOf(from), idOf(to)]);
    await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    await until(
      () => moveKeys(slot, from, to),
      (movedCount) => movedCount === 0,
      { patienceMs: moveTimeoutMs },
    );
    // The new owner first: from the moment when the old one gives it up, somebody must have it.
    for (const node of [to, from, ...this.masters]) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    await until(
      () => Promise.all(this.#running.map((node) => ownerSeenBy(node, slot))),
      (owners) => owners.every((owner) => owner?.port === to.port),
      patience,
    );
  }

  /** Waits until all nodes that run see the cluster whole; after a master was killed, until a replica took over. */
  async untilOk(): Promise<void> {
    await until(
      () => Promise.all(this.#running.map(stateSeenBy)),
      (states) => states.every((state) => state === `ok, ${slotCount} slots, ${this.nodes.length} nodes`),
      patience,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fleet[Symbol.asyncDispose]();
  }

  get #running(): readonly RedisServer[] {
    return this.nodes.filter(({ isRunning }) => isRunning);
  }

  get #anyRunning(): RedisServer {
    const [node] = this.#running;
    if (node === undefined) throw new Error('No node of the cluster runs.');
    return node;
  }

  /** All meet all: waiting for the word to go round would take seconds. */
  async #introduce(): Promise<void> {
    for (const [at, node] of this.nodes.entries()) {
      // Two nodes with one epoch would first have to agree who gets another.
      await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
      for (const other of this.nodes.slice(0, at)) {
        const [, busPort = ''] = list(await other.ask('CONFIG', 'GET', 'cluster-port')).map(text);
        await node.ask('CLUSTER', 'MEET', other.host, other.port, busPort);
      }
    }
  }

  async #assignSlots(): Promise<void> {
    const share = slotCount / this.masters.length;
    for (const [at, master] of this.masters.entries()) {
      const [first, next] = [Math.floor(at * share), Math.floor((at + 1) * share)];
      await master.ask('CLUSTER', 'ADDSLOTSRANGE', first, next - 1);
    }
  }

  async #assignReplicas(): Promise<void> {
    const masterIds = await Promise.all(this.masters.map(idOf));
    for (const [at, replica] of this.replicas.entries()) {
      const masterId = masterIds[at % masterIds.length] ?? '';
      await until(
        async () => text(await replica.ask('CLUSTER', 'NODES')),
        (known) => known.includes(masterId) && !known.includes('handshake'),
        patience,
      );
      await replica.ask('CLUSTER', 'REPLICATE', masterId);
      await until(
        async () => (await replica.info('replication')).get('master_link_status'),
        (status) => status === 'up',
        patience,
      );
    }
  }
}

/** A cluster for one test or suite: see {@link RedisCluster}. It takes about 3 s: Redis itself waits 2 s. */
export const startCluster = (options: ClusterOptions = {}): Promise<RedisCluster> => RedisCluster.start(options);

async function idOf(node: RedisServer): Promise<string> {
  return text(await node.ask('CLUSTER', 'MYID'));
}

async function stateSeenBy(node: RedisServer): Promise<string> {
  const info = infoFields(await node.ask('CLUSTER', 'INFO'));
  const field = (name: string): string => info.get(`cluster_${name}`) ?? 'unknown';
  return `${field('state')}, ${field('slots_ok')} slots, ${field('known_nodes')} nodes`;
}

async function ownerSeenBy(node: RedisServer, slot: number): Promise<{ readonly port: number } | undefined> {
  const ranges = list(await node.ask('CLUSTER', 'SLOTS')).map(list);
  const range = ranges.find(([first, last]) => Number(first) <= slot && slot <= Number(last));
  if (range === undefined) return undefined;
  const [, port] = list(range[2]);
  return { port: Number(port) };
}

/** Moves some keys and answers how many: none where none is left. */
async function moveKeys(slot: number, from: RedisServer, to: RedisServer): Promise<number> {
  const keys = list(await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, keysPerMove)).map(text);
  if (keys.length > 0) await from.ask('MIGRATE', to.host, to.port, '', 0, moveTimeoutMs, 'KEYS', ...keys);
  return keys.length;
}
