import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { jsonOnly, noStore, StartLogger, StrictHttpAdapter } from '@nest-wsc/demo-service';
import type { WorkerConfig } from './config/worker-config.js';
import { WorkerModule } from './worker.module.js';

// A job is a few names; what is larger is a mistake.
const maxBodySize = '64kb';

/**
 * Builds the whole worker, ready to listen.
 * @throws {TypeError} where the URL of Redis is none
 */
export async function createWorker(config: WorkerConfig): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(WorkerModule.forRoot(config), new StrictHttpAdapter(), {
    // The caller says what went wrong.
    abortOnError: false,
    bodyParser: false,
    logger: new StartLogger(),
  });
  app.disable('x-powered-by');
  app.use(noStore, jsonOnly);
  app.useBodyParser('json', { limit: maxBodySize });
  return app;
}
