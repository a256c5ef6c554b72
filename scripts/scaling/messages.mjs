import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { forEach, ownCpuUs, startNode } from './node.mjs';
import { redisCpuUs } from './redis.mjs';

const program = fileURLToPath(new URL('../scaling-costs.mjs', import.meta.url));
const roomCount = 16;
const data = { text: 'x'.repeat(128) };

const roomOf = (receivers, index) => `chat:${receivers}:${index % roomCount}`;

/** The other side of {@link measureMessages}: a node that hosts rooms, counts what comes, and says what that cost. */
export async function receive(redisUrl, nodeId) {
  let received = 0;
  const { broker } = await startNode({ redisUrl, nodeId, onMessage: () => (received += 1) });
  process.on('message', async ({ rooms }) => {
    for (const room of rooms ?? []) await broker.subscribe({ kind: 'room', room });
    process.send({ received, cpuUs: ownCpuUs() });
  });
  process.once('disconnect', () => process.exit());
  process.send('ready');
}

async function startReceiver(redisUrl, nodeId) {
  const child = fork(program, ['--receiver', redisUrl, nodeId]);
  await once(child, 'message');
  const ask = async (question) => {
    child.send(question);
    return (await once(child, 'message'))[0];
  };
  return { ask, stop: () => child.disconnect() };
}

/** Until all have come; at most once is what is promised, but nothing is lost on a machine by itself. */
async function settled(receivers, expected) {
  for (;;) {
    const states = await Promise.all(receivers.map(({ ask }) => ask({})));
    if (states.every(({ received }, index) => received >= expected[index])) return states;
  }
}

const shapes = {
  /** Each by itself to a room of its own, 16 under way. */
  single: { messages: 40_000, send: (publish, count) => forEach(count, roomCount, publish) },
  /** A hundred in one turn to one room. */
  burst: {
    messages: 100_000,
    send: (publish, count) => forEach(count / 100, 1, () => Promise.all(Array.from({ length: 100 }, () => publish(0)))),
  },
};

async function measure({ redis, broker, receivers, shape }) {
  const { messages, send } = shapes[shape];
  const publish = (index) =>
    broker.publish({
      destination: { kind: 'room', room: roomOf(receivers.length, index) },
      message: { id: '0198f3a2-7d1b-7c4e-9a53-2f1f0c9b8a77', event: 'room_message', data, timestamp: Date.now() },
    });
  await send(publish, messages / 4);
  const before = await Promise.all(receivers.map(({ ask }) => ask({})));
  const [redisBefore, ownBefore] = [await redisCpuUs(redis), ownCpuUs()];
  await send(publish, messages);
  const ownUs = ownCpuUs() - ownBefore;
  const redisUs = (await redisCpuUs(redis)) - redisBefore;
  const after = await settled(
    receivers,
    before.map(({ received }) => received + messages),
  );
  const receiverUs = after.reduce((sum, { cpuUs }, index) => sum + cpuUs - before[index].cpuUs, 0);
  return {
    redisUs: redisUs / messages,
    publisherUs: ownUs / messages,
    receiverUs: receivers.length === 0 ? 0 : receiverUs / messages / receivers.length,
  };
}

/** Of each figure by itself. */
function medians(rounds) {
  const median = (name) => rounds.map((round) => round[name]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)];
  return Object.fromEntries(Object.keys(rounds[0]).map((name) => [name, median(name)]));
}

/** In rounds, so that what else happens on the machine hits none of them alone. */
async function measureInRounds({ shape, ...parts }) {
  const rounds = [];
  for (let round = 0; round < 3; round++) rounds.push(await measure({ shape, ...parts }));
  return { receivers: parts.receivers.length, shape, ...medians(rounds) };
}

/** What a message costs Redis, who publishes it and each node that hosts its room, by how many nodes do. */
export async function measureMessages({ redis, redisUrl }) {
  const { broker, presence, cluster, foundation } = await startNode({ redisUrl, nodeId: 'publisher' });
  const receivers = [];
  const results = [];
  for (const count of [0, 1, 2, 4]) {
    while (receivers.length < count) receivers.push(await startReceiver(redisUrl, `receiver-${receivers.length}`));
    const rooms = Array.from({ length: roomCount }, (_, index) => roomOf(count, index));
    for (const { ask } of receivers) await ask({ rooms });
    for (const shape of Object.keys(shapes)) {
      results.push(await measureInRounds({ redis, broker, receivers, shape }));
    }
  }
  for (const { stop } of receivers) stop();
  for (const store of [broker, presence, cluster, foundation]) await store.close();
  return results;
}
