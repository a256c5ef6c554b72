import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { jsonOnly, noStore, StartLogger, StrictHttpAdapter } from '@nest-wsc/demo-service';
import { AppModule } from './app.module.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { createWscOptions } from './config/wsc-options.js';
import { serveOpenApi } from './docs/openapi.js';
import { securityHeaders } from './security-headers.js';

// A larger body than any message of use; `data` goes out again to every receiver.
const maxBodySize = '64kb';

/**
 * Builds the whole gateway, ready to listen.
 * @param publicFolder where the built page lies; without it there is none
 * @throws {Error} where the configuration is wrong
 */
export async function createGateway(config: GatewayConfig, publicFolder?: string): Promise<NestExpressApplication> {
  // Before Nest, which would print the stack of what is only a wrong value.
  const wscOptions = createWscOptions(config, process.env);
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(config, wscOptions),
    new StrictHttpAdapter(),
    {
      // The caller says what went wrong.
      abortOnError: false,
      bodyParser: false,
      logger: new StartLogger(),
    },
  );
  app.disable('x-powered-by');
  app.use(securityHeaders);
  if (publicFolder !== undefined) servePage(app, publicFolder);
  app.use(noStore, jsonOnly);
  app.useBodyParser('json', { limit: maxBodySize });
  serveOpenApi(app);
  return app;
}

function servePage(app: NestExpressApplication, folder: string): void {
  // Vite puts a hash of the content into these names.
  app.useStaticAssets(join(folder, 'assets'), { prefix: '/assets/', immutable: true, maxAge: '1y' });
  app.useStaticAssets(folder);
}
