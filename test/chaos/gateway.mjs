/**
 * The built demo gateway, whose chat rooms keep so little that clients which were away miss some of it, and which sends durable messages
 * for clients that ask.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { explainStart } from '@nest-wsc/demo-service';
import { HubService } from '@nest-wsc/wsc';
import { AppModule } from '../../apps/gateway/dist/app.module.js';
import { readGatewayConfig } from '../../apps/gateway/dist/config/gateway-config.js';
import { createWscOptions } from '../../apps/gateway/dist/config/wsc-options.js';

const namespaces = { chat: { joinable: true, presence: true, history: { maxMessages: 200 } } };

function answerRequests(hub) {
  hub.handle('durable', async ({ to, key }, { connection }) => {
    const message = { event: 'durable', data: { key }, id: key, from: connection.userId };
    const { id, offset, epoch } = await hub.sendToUser(to, message, { durable: true });
    return { id, offset, epoch };
  });
  hub.handle('inbox_size', (_data, { connection }) => hub.inboxSize(connection.userId));
}

async function start() {
  const config = readGatewayConfig(process.env);
  const options = { ...createWscOptions(config, process.env), namespaces };
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
