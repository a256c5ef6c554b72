import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { explainStart } from '@nest-wsc/demo-service';
import { readWorkerConfig } from './config/worker-config.js';
import { createWorker } from './create-worker.js';

const logger = new Logger('Worker');

async function start(): Promise<void> {
  const config = readWorkerConfig(process.env);
  const app = await createWorker(config);
  // Ends with 0: a planned stop is no failure, whichever signal asked for it.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.listen(config.port, config.host);
  logger.log(`Takes jobs at ${await app.getUrl()}/jobs/<kind> and notifies through the gateways on the same Redis.`);
}

try {
  await start();
} catch (error) {
  // What is wrong is in the message; a stack would hide it.
  logger.error(explainStart(error, 'PORT=8085 npm run worker'));
  process.exit(1);
}
