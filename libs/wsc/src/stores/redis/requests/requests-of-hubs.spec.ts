import { WscError } from '@nest-wsc/protocol';
import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { withResolver } from '../../../core/async/with-resolver.js';
import { answersTo } from '../../../core/hub.fixture.js';
import type { MessageHandler, Route } from '../../../core/inbound/route-table.js';
import type { RequestClaims } from '../../../core/ports/request-claims.js';
import { TestHub, type TestClient } from '../../../testing/test-hub.js';
import { MemoryBroker } from '../../memory/memory-broker.js';
import { MemoryStreams } from '../../memory/memory-streams.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { openClaims, type ClaimsNode } from './claims-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;
beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

/** Of a node that dies before it tells the others what it has done. */
class UnfinishedClaims implements RequestClaims {
  readonly #claims: RequestClaims;

  constructor(claims: RequestClaims) {
    this.#claims = claims;
  }

  claim(...args: Parameters<RequestClaims['claim']>): ReturnType<RequestClaims['claim']> {
    return this.#claims.claim(...args);
  }

  finish(): void {
    return;
  }

  release(): void {
    return;
  }

  close(): void {
    return;
  }
}

/** A hub on Redis, with one handler and one client of one device. */
interface Place extends AsyncDisposable {
  readonly node: ClaimsNode;
  readonly client: TestClient;
  /** What its hub has run. */
  readonly runs: readonly unknown[];
  /** Sends without waiting for the answer. */
  readonly send: (requestId: string, data?: unknown) => Promise<void>;
  /** The answers to a request, once there is one; the hub's time goes on meanwhile. */
  readonly answers: (requestId: string) => Promise<readonly unknown[]>;
}

async function open(handler: MessageHandler, route: Partial<Route> = {}): Promise<Place> {
  const node = await openClaims(nodes);
  const test = await TestHub.start({ dependencies: { requestClaims: node.claims } });
  const runs: unknown[] = [];
  test.hub.routes.add({
    ...{ event: 'order', ...route },
    handler: (data, context) => {
      runs.push(data);
      return handler(data, context);
    },
  });
  const client = await test.connect({ userId: 'ann', deviceId: 'phone' });
  return {
    node,
    client,
    runs,
    send: (requestId, data = 1) =>
      client.send({ type: 'request', event: 'order', request_id: requestId, id: 'o-1', data }),
    answers: (requestId) =>
      until(
        async () => {
          await test.clock.advance(50);
          return answersTo(client, requestId);
        },
        (answers) => answers.length > 0,
      ),
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

describe('a request with an id that comes to two nodes', () => {
  it('runs on one of them; both give its answer, to repeats too', async () => {
    const work = withResolver<unknown>();
    await using here = await open(() => work.promise);
    await using there = await open(() => work.promise);
    await Promise.all([here.send('a'), there.send('b')]);
    await until(
      () => here.runs.length + there.runs.length,
      (count) => count > 0,
    );
    work.resolve({ placed: true });
    expect([await here.answers('a'), await there.answers('b')]).toEqual([[{ placed: true }], [{ placed: true }]]);
    await Promise.all([here.send('c'), there.send('d'), there.send('e', 'other')]);
    expect([await here.answers('c'), await there.answers('d')]).toEqual([[{ placed: true }], [{ placed: true }]]);
    expect(await there.answers('e')).toEqual(['WSC_CONFLICT']);
    expect(here.runs.length + there.runs.length).toBe(1);
  });

  it('is not what the other node remembers where its content was in conflict there', async () => {
    await using here = await open(() => 'placed');
    await using there = await open(() => 'placed');
    await here.send('a');
    expect(await here.answers('a')).toEqual(['placed']);
    await there.send('b', 'other');
    expect(await there.answers('b')).toEqual(['WSC_CONFLICT']);
    await there.send('c');
    expect(await there.answers('c')).toEqual(['placed']);
  });

  it('runs on the second where it has had no effect on the first', async () => {
    await using here = await open(() => Promise.reject(new WscError('WSC_UNAVAILABLE')));
    await using there = await open(() => 'placed');
    await here.send('a');
    expect(await here.answers('a')).toEqual(['WSC_UNAVAILABLE']);
    await there.send('b');
    expect(await there.answers('b')).toEqual(['placed']);
  });

  it.each<[string, Partial<Route>, object]>([
    ['is not run by the second', {}, { error: 'WSC_CONFLICT', details: 'unknown' }],
    ['runs again where its handler may', { isRepeatable: () => true }, { data: 'placed' }],
  ])('when the first dies before it answers, %s', async (_, route, answer) => {
    await using dying = await open(() => new Promise(() => undefined), route);
    await using there = await open(() => 'placed', route);
    await dying.send('a');
    await until(() => dying.runs.length, Boolean);
    there.node.instances.deadIds = [dying.node.instances.self.instanceId];
    await there.send('b');
    await there.answers('b');
    expect(there.client.received.at(-1)).toMatchObject(answer);
    expect(there.runs).toHaveLength('data' in answer ? 1 : 0);
  });

  it('is lost at once when the first closes before it answers', async () => {
    await using there = await open(() => 'placed');
    {
      await using closing = await open(() => new Promise(() => undefined));
      await closing.send('a');
      await until(() => closing.runs.length, Boolean);
    }
    await there.send('b');
    expect([await there.answers('b'), there.runs]).toEqual([['WSC_CONFLICT'], []]);
  });
});

describe('a room_message with an id whose node dies before it has answered', () => {
  it.each<[string, boolean, object]>([
    ['is in the history once, at the place that a repeat is told', true, { data: { offset: 1 } }],
    ['is not said again where there is no history', false, { error: 'WSC_CONFLICT', details: 'unknown' }],
  ])('%s', async (_, history, answer) => {
    const [dying, node] = [await openClaims(nodes), await openClaims(nodes)];
    const broker = new MemoryBroker();
    const streams = new MemoryStreams({ clock: node.clock, broker });
    const say = async (requestClaims: RequestClaims) => {
      const test = await TestHub.start({ dependencies: { requestClaims, broker, streams } });
      test.hub.namespaces.define('chat', { joinable: true, history });
      const client = await test.connect({ userId: 'ann', deviceId: 'phone' });
      await client.request('join_room', { room: 'chat:1' });
      const data = { room: 'chat:1', data: 'hi' };
      await client.send({ type: 'request', event: 'room_message', request_id: 'r', id: 'm-1', data });
      await until(
        async () => {
          await test.settle();
          return answersTo(client, 'r');
        },
        (answers) => answers.length > 0,
      );
      return { last: client.received.at(-1), [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
    };
    await using first = await say(new UnfinishedClaims(dying.claims));
    node.instances.deadIds = [dying.instances.self.instanceId];
    await using second = await say(node.claims);
    expect([first.last, second.last]).toMatchObject([{ type: 'response' }, answer]);
    if (history) expect(second.last).toMatchObject({ data: first.last && 'data' in first.last && first.last.data });
  });
});

describe('a request while Redis is gone', () => {
  it('is not run with an id, and is run without one', async () => {
    await using own = await startRedis();
    const ownNodes = new RedisNodes({ url: own.url });
    const node = await openClaims(ownNodes);
    await using test = await TestHub.start({ dependencies: { requestClaims: node.claims } });
    let runs = 0;
    test.hub.handle('order', () => (runs += 1));
    const client = await test.connect({ userId: 'ann' });
    await own.kill();
    await client.send({ type: 'request', event: 'order', request_id: 'a', id: 'o-1' });
    await until(
      async () => {
        await test.settle();
        return answersTo(client, 'a');
      },
      (answers) => answers.length > 0,
    );
    await client.send({ type: 'request', event: 'order', request_id: 'b' });
    expect([answersTo(client, 'a'), answersTo(client, 'b'), runs]).toEqual([['WSC_UNAVAILABLE'], [1], 1]);
    await ownNodes.close();
  });
});
