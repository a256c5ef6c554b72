import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Environment } from '@nest-wsc/demo-service';
import { describeSource, resolveWscConfig, type WscConfig, type WscModuleOptions } from '@nest-wsc/wsc';
import type { GatewayConfig } from './gateway-config.js';

const options: WscModuleOptions = {
  namespaces: {
    // Kept, so that who was away gets what was missed.
    chat: { joinable: true, presence: true, announceMembers: true, history: true },
    doc: { joinable: true },
    // Who reads too slowly for prices misses old ones instead of the connection.
    ticker: { joinable: true, memberPublish: false, backpressure: 'latest-only' },
  },
  authorizeChat: () => true,
  ownVariables: ['WSC_DEMO_LOGIN'],
};

/**
 * What this app asks of the library; everything else is `WSC_*`, `JWT_*` and the defaults. Where nothing says how tokens
 * are checked, they are signed with a secret that nobody knows: an open gateway would be worse than one that forgets its users.
 * @throws {WscConfigError}
 * @throws {Error} where nobody could ever log in, or HTTP and WebSockets want the same port.
 */
export function createWscOptions(gateway: GatewayConfig, environment: Environment): WscModuleOptions {
  const wsc = resolveWscConfig(options, environment);
  requireOwnPort(gateway, wsc);
  if (wsc.access.jwt !== undefined || wsc.settings.auth === 'none') return options;
  if (!gateway.demoLogin.value) {
    throw new Error(
      'Nobody could log in: nothing says how tokens are checked, and the demo login is off, as always in production. ' +
        'Set JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL; to try it out, WSC_DEMO_LOGIN=true.',
    );
  }
  new Logger('Gateway').warn(
    'JWT_SECRET is not set: tokens are signed with a random secret and are worth nothing after a restart' +
      (wsc.redis === undefined ? '.' : ', nor at the other gateways on this Redis.'),
  );
  return { ...options, jwt: { secret: randomBytes(32).toString('base64url') } };
}

/** Whoever sets both to one port wants one port, and would be told only that it is in use. */
function requireOwnPort({ port }: GatewayConfig, { enabled, port: ownPort, sources }: WscConfig): void {
  if (!enabled || ownPort === undefined || ownPort === 0 || ownPort !== port.value) return;
  const source = sources.get('port');
  const where = source === undefined ? 'WSC_PORT' : describeSource(source);
  throw new Error(
    `HTTP (PORT) and the own port of WebSockets (${where}) are both ${ownPort}. ` +
      'Leave out WSC_PORT to serve both on one port, or choose another.',
  );
}
