import assert from 'node:assert/strict';
import { closeCodes } from '@nest-wsc/protocol';
import type { MaybePromise } from '../../core/async/maybe-promise.js';
import type { Cluster, ClusterListener, ClusterNotice, ClusterRequest, NodeInfo } from '../../core/ports/cluster.js';
import { describePort, type Nodes, type OpenNodes, type PortPromises } from './runner.js';
import { testMessage } from './test-message.js';

/** Declares what every {@link Cluster} promises. `open` makes clusters that were not started. */
export function describeCluster(name: string, open: OpenNodes<Cluster>): void {
  describePort(`the ${name} cluster`, open, promises);
}

const requests: readonly ClusterRequest[] = [
  { kind: 'stats' },
  { kind: 'closeUser', userId: 'auth0|ann@example.com', closeCode: closeCodes.kicked },
  { kind: 'closeConnection', connectionId: 'c1', closeCode: { code: 4900, reason: 'so' } },
  { kind: 'closeRoom', room: 'chat:1', reason: 'Grüße 👋' },
  { kind: 'closeRoom', room: 'chat:1', reason: '', message: { ...testMessage('1'), room: 'chat:1' } },
  { kind: 'revoked', tokenId: 'jti:1' },
  { kind: 'departed', users: [{ userId: 'ann', rooms: ['chat:1', 'chat:2'], lastSeen: 3 }], withinMs: 4_000 },
  { kind: 'send', connectionId: 'c1', message: { ...testMessage('1'), from: 'bob', to: 'ann', ack: { attempt: 2 } } },
  { kind: 'join', connectionId: 'c1', room: 'chat:1', role: 'subscriber' },
  { kind: 'leave', connectionId: 'c1', room: 'chat:1' },
];

const notices: readonly ClusterNotice[] = [
  { kind: 'acked', messageId: '1', userId: 'ann', deviceId: 'phone', connectionId: 'c1' },
  { kind: 'handed', messageId: '1', userId: 'ann', attempt: 2, queued: 3, dropped: 0 },
];

const promises: PortPromises<Cluster> = {
  'has a node’s own name, under which the others know it': async ({ here, there }) => {
    const { heard } = await start({ here, there });
    const { nodeId, instanceId, startedAt } = here.self;
    assert.ok(instanceId.length > 0 && Number.isFinite(startedAt));
    if (here === there) return;
    assert.notEqual(instanceId, there.self.instanceId);
    assert.deepEqual(heard.joinedNodes, [{ nodeId, instanceId, startedAt }]);
  },

  'lists who lives, itself first': async ({ here, there }) => {
    await start({ here, there });
    for (const [node, other] of [
      [here, there],
      [there, here],
    ] as const) {
      assert.deepEqual(node.nodes(), here === there ? [node.self] : [node.self, other.self]);
    }
  },

  'is ready once it has started': async ({ here, there }) => {
    await start({ here, there });
    assert.deepEqual(here.health(), { isReady: true });
  },

  'carries a question to the others as it is, and their answer back': async ({ here, there }) => {
    const { heard } = await start({ here, there }, (request) => ({ got: request.kind, list: [1, null, 'Grüße'] }));
    for (const request of requests) {
      assert.deepEqual(await here.ask('others', request), {
        answers: othersOf({ here, there }).map((node) => ({
          node,
          value: { got: request.kind, list: [1, null, 'Grüße'] },
        })),
        missing: [],
      });
    }
    assert.deepEqual(
      JSON.parse(JSON.stringify(heard.requests)),
      here === there ? [] : JSON.parse(JSON.stringify(requests)),
    );
  },

  'tells answers of questions that are open together apart': async ({ here, there }) => {
    await start({ here, there }, (request) => ('room' in request ? request.room : null));
    const rooms = Array.from({ length: 50 }, (_, index) => `chat:${String(index)}`);
    const asked = await Promise.all(
      rooms.map(async (room) => here.ask('others', { kind: 'leave', connectionId: 'c1', room })),
    );
    assert.deepEqual(
      asked.flatMap(({ answers }) => answers.map(({ value }) => value)),
      here === there ? [] : rooms,
    );
  },

  'asks those who are meant only, and nobody who is not there': async ({ here, there }) => {
    const { heard } = await start({ here, there }, () => 1);
    const nobody = await here.ask(['nobody', here.self.instanceId], { kind: 'stats' });
    assert.deepEqual(nobody, { answers: [], missing: [] });
    if (here === there) return;
    const { answers } = await here.ask([there.self.instanceId], { kind: 'stats' });
    assert.deepEqual(answers, [{ node: there.self, value: 1 }]);
    assert.equal(heard.requests.length, 1);
  },

  'says who lives and has not answered within a second': async ({ here, there }) => {
    await start({ here, there }, () => new Promise(() => undefined));
    const startedAt = performance.now();
    const { answers, missing } = await here.ask('others', { kind: 'stats' });
    assert.deepEqual({ answers, missing }, { answers: [], missing: othersOf({ here, there }) });
    assert.ok(performance.now() - startedAt < 2_000);
  },

  'tells one node a notice as it is': async ({ here, there }) => {
    const { heard } = await start({ here, there });
    if (here === there) return;
    for (const notice of notices) here.tell(there.self.instanceId, notice);
    await heard.until(() => heard.notices.length === notices.length);
    assert.deepEqual(heard.notices, notices);
  },

  'does not mind telling nobody': async ({ here, there }) => {
    await start({ here, there });
    for (const notice of notices) here.tell('nobody', notice);
  },

  'has done with a node that closes at once, and waits for it no more': async ({ here, there }) => {
    if (here === there) return;
    const { own } = await start({ here, there }, () => new Promise(() => undefined));
    const { self } = there;
    const asked = here.ask('others', { kind: 'stats' });
    await there.close();
    await own.until(() => own.leftNodes.length > 0);
    assert.deepEqual(own.leftNodes, [self]);
    assert.deepEqual(here.nodes(), [here.self]);
    assert.deepEqual(await asked, { answers: [], missing: [] });
  },
};

function othersOf({ here, there }: Nodes<Cluster>): readonly NodeInfo[] {
  return here === there ? [] : [there.self];
}

/** Starts the nodes, which know each other then. `heard` is what the other end hears, `own` what this one does. */
async function start(
  { here, there }: Nodes<Cluster>,
  answer: (request: ClusterRequest) => MaybePromise<unknown> = () => null,
): Promise<{ readonly heard: Heard; readonly own: Heard }> {
  const own = new Heard(answer);
  await here.start(own);
  if (here === there) return { heard: own, own };
  const heard = new Heard(answer);
  await there.start(heard);
  await Promise.all([own, heard].map(async (each) => each.until(() => each.joinedNodes.length === 1)));
  return { heard, own };
}

/** What a listener has heard. */
class Heard implements ClusterListener {
  readonly requests: ClusterRequest[] = [];
  readonly notices: ClusterNotice[] = [];
  readonly joinedNodes: NodeInfo[] = [];
  readonly leftNodes: NodeInfo[] = [];
  readonly #answer: (request: ClusterRequest) => MaybePromise<unknown>;
  #waiting: { readonly isThere: () => boolean; readonly resolve: () => void } | undefined;

  constructor(answer: (request: ClusterRequest) => MaybePromise<unknown>) {
    this.#answer = answer;
  }

  request(request: ClusterRequest): MaybePromise<unknown> {
    this.requests.push(request);
    return this.#answer(request);
  }

  notice(notice: ClusterNotice): void {
    this.notices.push(notice);
    this.#look();
  }

  joined(node: NodeInfo): void {
    this.joinedNodes.push(node);
    this.#look();
  }

  left(node: NodeInfo): void {
    this.leftNodes.push(node);
    this.#look();
  }

  lost(): void {
    return;
  }

  /** Waits until it has heard enough. */
  async until(isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    await new Promise<void>((resolve) => (this.#waiting = { isThere, resolve }));
  }

  #look(): void {
    if (this.#waiting?.isThere() === true) this.#waiting.resolve();
  }
}
