/**
 * The built demo gateway, whose rooms keep everything that is said, and which sends for clients that ask: a message that is kept for a user,
 * or one to a room. Where Redis is comes as JSON; under `client` are the options of a client of ioredis.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { explainStart } from '@nest-wsc/demo-service';
import { HubService } from '@nest-wsc/wsc';
import { Redis } from 'ioredis';
import { AppModule } from '../../apps/gateway/dist/app.module.js';
import { readGatewayConfig } from '../../apps/gateway/dist/config/gateway-config.js';
import { createWscOptions } from '../../apps/gateway/dist/config/wsc-options.js';

const history = { maxMessages: 100_000, timeToLiveMs: 3_600_000 };
const namespaces = { chat: { joinable: true, history } };

function redisOptions() {
  const { client, ...options } = JSON.parse(process.env.FAILOVER_LOSS_REDIS);
  return client === undefined ? options : { ...options, client: new Redis({ ...client, lazyConnect: true }) };
}

function answerRequests(hub) {
  hub.handle('keep', async ({ user, room, key }) => {
    const message = { event: 'kept', data: { key } };
    const { id } = await (room === undefined
      ? hub.sendToUser(user, message, { durable: true })
      : hub.sendToRoom(room, message));
    return { id };
  });
  hub.handle('inbox_size', (_data, { connection }) => hub.inboxSize(connection.userId));
}

async function start() {
  const config = readGatewayConfig(process.env);
  const options = { ...createWscOptions(config, process.env), namespaces, redis: redisOptions() };
  const app = await NestFactory.create(AppModule.forRoot(config, options), {
    abortOnError: false,
    logger: ['error', 'warn'],
  });
  answerRequests(app.get(HubService));
  app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
  await app.listen(config.port.value);
  const { port } = new URL(await app.getUrl());
  console.log(`Open http://localhost:${port} `);
}

try {
  await start();
} catch (error) {
  console.error(explainStart(error, 'PORT=0'));
  process.exit(1);
}
