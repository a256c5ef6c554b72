/**
 * Measures what a connection and a message cost through Redis, and writes docs/redis-costs.json, from which
 * scaling-simulation.mjs calculates. Needs a build, redis-server, and a machine that does nothing else; takes three minutes.
 *
 *     npm run build && node scripts/scaling-costs.mjs
 */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { root } from './run.mjs';
import { measureConnections } from './scaling/connections.mjs';
import { measureMessages, receive } from './scaling/messages.mjs';
import { redisVersion, startRedis } from './scaling/redis.mjs';

const connectionCount = 20_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function measureAll() {
  console.error('Measuring what Redis costs, for about three minutes …');
  const { url: redisUrl, client: redis, stop } = await startRedis(await freePort());
  try {
    const costs = {
      date: new Date().toISOString(),
      machine: {
        cpu: cpus()[0]?.model.trim() ?? 'unknown',
        cores: cpus().length,
        system: `${type()} ${release().split('-')[0]}`,
        node: process.version,
        redis: await redisVersion(redis),
      },
      connections: await measureConnections({ redis, redisUrl, count: connectionCount }),
      messages: await measureMessages({ redis, redisUrl }),
    };
    await writeFile(join(root, 'docs/redis-costs.json'), `${JSON.stringify(costs, undefined, 2)}\n`);
    console.log(JSON.stringify(costs, undefined, 2));
  } finally {
    await stop();
  }
}

const [mode, redisUrl, nodeId] = process.argv.slice(2);
if (mode === '--receiver') await receive(redisUrl, nodeId);
else await measureAll();
