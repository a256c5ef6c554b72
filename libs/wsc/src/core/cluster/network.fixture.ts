import { WscError } from '@nest-wsc/protocol';
import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { MemoryPresence } from '../../stores/memory/memory-presence.js';
import { TestHub, type TestHubOptions } from '../../testing/test-hub.js';
import type { Broker, BrokerListener, BrokerMessage, Destination, PublishResult } from '../ports/broker.js';
import type {
  Cluster,
  ClusterAnswers,
  ClusterListener,
  ClusterNotice,
  ClusterRequest,
  NodeInfo,
} from '../ports/cluster.js';
import type { Presence } from '../ports/presence.js';

/** Some hubs in one process that act as one, over what a network between them would carry. */
export class Network {
  readonly presence: Presence = new MemoryPresence();
  readonly nodes: NetworkNode[] = [];

  async start(init: TestHubOptions = {}): Promise<TestHub> {
    const nodeId = `node-${String(this.nodes.length + 1)}`;
    const node = new NetworkNode(this, { nodeId, instanceId: `${nodeId}.1`, startedAt: 0 });
    this.nodes.push(node);
    return TestHub.start({
      ...init,
      options: { ...init.options, nodeId },
      dependencies: {
        broker: node.broker,
        cluster: node,
        presence: sharedPresence(this.presence),
        ...init.dependencies,
      },
    });
  }
}

/** One hub's place in the {@link Network}. */
export class NetworkNode implements Cluster {
  readonly self: NodeInfo;
  readonly broker: NetworkBroker;
  /** It lives, but answers nobody. */
  isSilent = false;
  /** It does not reach the others. */
  isCutOff = false;
  readonly #network: Network;
  #listener: ClusterListener | undefined;

  constructor(network: Network, self: NodeInfo) {
    this.#network = network;
    this.self = self;
    this.broker = new NetworkBroker(network);
  }

  start(listener: ClusterListener): void {
    this.#listener = listener;
  }

  nodes(): readonly NodeInfo[] {
    return [this.self, ...this.#others().map(({ self }) => self)];
  }

  async ask(to: 'others' | readonly string[], request: ClusterRequest): Promise<ClusterAnswers> {
    const asked = this.#others().filter(({ self }) => to === 'others' || to.includes(self.instanceId));
    const answering = asked.filter(({ isSilent }) => !isSilent);
    const answers = await Promise.all(
      answering.map(async (node) => ({ node: node.self, value: await node.#listener?.request(asJson(request)) })),
    );
    return {
      answers: asJson(answers),
      missing: asked.filter(({ isSilent }) => isSilent).map(({ self }) => self),
    };
  }

  tell(instanceId: string, notice: ClusterNotice): void {
    const to = this.#network.nodes.find(({ self }) => self.instanceId === instanceId);
    queueMicrotask(() => to?.hear(asJson(notice)));
  }

  hear(notice: ClusterNotice): void {
    this.#listener?.notice(notice);
  }

  health(): { readonly isReady: boolean } {
    return { isReady: !this.isCutOff };
  }

  close(): void {
    this.#listener = undefined;
  }

  #others(): readonly NetworkNode[] {
    return this.#network.nodes.filter((node) => node !== this);
  }
}

/** Delivers on the own node in the caller's turn, and on the others a turn later, as text. */
class NetworkBroker implements Broker {
  /** Nobody else can be told. */
  isCut = false;
  readonly #network: Network;
  readonly #memory = new MemoryBroker();
  readonly #hosted: string[] = [];

  constructor(network: Network) {
    this.#network = network;
  }

  start(listener: BrokerListener): void {
    this.#memory.start(listener);
  }

  async publish(message: BrokerMessage): Promise<PublishResult> {
    const local = this.#memory.publish(message);
    if (this.isCut) throw new WscError('WSC_UNAVAILABLE');
    const others = this.#network.nodes.filter(({ broker }) => broker !== this && broker.#hosts(message.destination));
    for (const { broker } of others) queueMicrotask(() => broker.#memory.publish(asJson(message)));
    return { ...local, otherNodes: others.length };
  }

  subscribe(destination: Destination): void {
    this.#memory.subscribe(destination);
    this.#hosted.push(JSON.stringify(destination));
  }

  unsubscribe(destination: Destination): void {
    this.#memory.unsubscribe(destination);
    const index = this.#hosted.indexOf(JSON.stringify(destination));
    if (index >= 0) this.#hosted.splice(index, 1);
  }

  close(): void {
    this.#memory.close();
  }

  #hosts(destination: Destination): boolean {
    return destination.kind === 'everyone' || this.#hosted.includes(JSON.stringify(destination));
  }
}

/** One hub that closes must not end what the others stand on. */
function sharedPresence(presence: Presence): Presence {
  return new Proxy(presence, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name === 'close' || name === 'start') return () => undefined;
      return typeof member === 'function'
        ? (...args: unknown[]): unknown => Reflect.apply(member, target, args)
        : member;
    },
  });
}

function asJson<T>(value: T): T {
  // What a network does to it; of what JSON can't write the tests send nothing.
  return structuredClone(value);
}
