import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { explainStart } from '@nest-wsc/demo-service';
import { HubService } from '@nest-wsc/wsc';
import { readGatewayConfig } from './config/gateway-config.js';
import { createGateway } from './create-gateway.js';
import { reportStart, warnAboutDemo } from './start-report.js';

// Vite writes the page beside the compiled program.
const publicFolder = fileURLToPath(new URL('public', import.meta.url));
const logger = new Logger('Gateway');

async function start(): Promise<void> {
  const config = readGatewayConfig(process.env);
  const app = await createGateway(config, publicFolder);
  // Ends with 0: a planned stop is no failure, whichever signal asked for it.
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  warnAboutDemo(config, logger);
  await app.listen(config.port.value);
  const { port } = new URL(await app.getUrl());
  reportStart({ port, gateway: config, wsc: app.get(HubService).config }, logger);
}

try {
  await start();
} catch (error) {
  // What is wrong is in the message; a stack would hide it.
  logger.error(explainStart(error, 'PORT=8081 npm start'));
  process.exit(1);
}
