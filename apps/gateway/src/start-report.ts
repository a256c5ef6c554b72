import type { Logger } from '@nestjs/common';
import { describeSource, type WscConfig } from '@nest-wsc/wsc';
import type { GatewayConfig } from './config/gateway-config.js';

// What somebody who operates it asks first; all settings are in docs/configuration.md.
const reported = [
  'path',
  'drainMs',
  'maxConnections',
  'maxConnectionsPerUser',
  'maxMessageBytes',
  'messagesPerSecond',
  'messagesBurst',
] as const;

/** What is known once it listens. */
interface StartFacts {
  readonly port: string;
  readonly gateway: GatewayConfig;
  readonly wsc: WscConfig;
}

/** Says loudly what must not be so in production. */
export function warnAboutDemo({ demoLogin }: GatewayConfig, logger: Logger): void {
  if (!demoLogin.value) return;
  logger.warn(
    'The demo login is on (WSC_DEMO_LOGIN): whoever reaches this port can log in as anybody, as admin too. Never in production.',
  );
}

/** One line to open, and one that says the limits and where each came from. */
export function reportStart({ port, gateway, wsc }: StartFacts, logger: Logger): void {
  const own = `port ${port} (${gateway.port.source === 'environment' ? 'environment variable PORT' : 'default'})`;
  const webSockets = wsc.enabled ? settingsOf(wsc) : [`WebSockets off (${sourceOf(wsc, 'enabled')})`];
  logger.log(`Settings: ${[own, ...webSockets].join(', ')}.`);
  logger.log(`Open http://localhost:${port} for the page, http://localhost:${port}/docs for the HTTP API.`);
}

function settingsOf(wsc: WscConfig): readonly string[] {
  const auth = `auth ${wsc.hub.auth} (${wsc.settings.auth === undefined ? 'as there is a key' : 'as set'})`;
  const nodes =
    wsc.redis === undefined ? 'everything in memory (this gateway alone)' : `Redis (${sourceOf(wsc, 'redisUrl')})`;
  return [nodes, auth, ...reported.map((name) => `${name} ${wsc.settings[name]} (${sourceOf(wsc, name)})`)];
}

function sourceOf({ sources }: WscConfig, name: 'enabled' | 'redisUrl' | (typeof reported)[number]): string {
  const source = sources.get(name);
  return source === undefined ? 'default' : describeSource(source);
}
