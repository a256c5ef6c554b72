import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { serveOpenApi } from './docs/openapi.js';
import { GatewayHttpAdapter } from './http/gateway-http-adapter.js';
import { noStore, securityHeaders } from './http/security-headers.js';

// A larger body than any message of use; `data` goes out again to every receiver.
const maxBodySize = '64kb';

/**
 * Builds the whole gateway, ready to listen.
 * @param publicFolder where the built page lies; without it there is none
 * @throws {Error} where the configuration is wrong
 */
export async function createGateway(config: GatewayConfig, publicFolder?: string): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config), new GatewayHttpAdapter(), {
    // The caller says what went wrong, in one line instead of a stack.
    abortOnError: false,
    bodyParser: false,
  });
  app.disable('x-powered-by');
  app.use(securityHeaders);
  if (publicFolder !== undefined) app.useStaticAssets(publicFolder);
  app.use(noStore);
  app.useBodyParser('json', { limit: maxBodySize });
  serveOpenApi(app);
  return app;
}
