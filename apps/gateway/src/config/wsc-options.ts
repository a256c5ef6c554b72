import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { resolveWscConfig, type WscModuleOptions } from '@nest-wsc/wsc';

const options: WscModuleOptions = {
  namespaces: {
    chat: { joinable: true, presence: true, announceMembers: true },
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
 */
export function createWscOptions(): WscModuleOptions {
  if (resolveWscConfig(options).access.jwt !== undefined) return options;
  new Logger('Gateway').warn(
    'JWT_SECRET is not set: tokens are signed with a random secret and are worth nothing after a restart.',
  );
  return { ...options, jwt: { secret: randomBytes(32).toString('base64url') } };
}
