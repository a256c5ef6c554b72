import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { HubService } from '@nest-wsc/wsc';
import { readGatewayConfig } from './config/gateway-config.js';
import { createGateway } from './create-gateway.js';
import { reportStart, warnAboutDemo } from './start-report.js';

// Vite writes the page beside the compiled program.
const publicFolder = fileURLToPath(new URL('public', import.meta.url));
const logger = new Logger('Gateway');

/** What went wrong, and what to do about what goes wrong most. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!('code' in error) || error.code !== 'EADDRINUSE') return error.message;
  const port = 'port' in error ? String(error.port) : '';
  return `Port ${port} is in use, perhaps by another start of this gateway. Choose one that is free: PORT=8081 npm start`;
}

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
  logger.error(explain(error));
  process.exit(1);
}
