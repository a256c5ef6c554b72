import {
  CidrAddressPolicy,
  JwtAuthenticator,
  ListedOriginPolicy,
  MemoryConnectTokens,
  MemoryRevocationList,
} from '../access/index.js';
import { createInstanceId, Hub, type Authenticator, type Clock, type Logger } from '../core/index.js';
import { MemoryBroker } from '../stores/memory/memory-broker.js';
import { MemoryCluster } from '../stores/memory/memory-cluster.js';
import { MemoryPresence } from '../stores/memory/memory-presence.js';
import { SystemClock } from '../system/system-clock.js';
import type { WscConfigService } from './config/wsc-config.service.js';
import type { WscConfig, WscModuleOptions } from './config/wsc-options.js';
import { mapErrors, mapRefusals } from './errors/map-errors.js';

/** Puts a hub together from configuration and options; what may change at run time follows the configuration. */
export function createHub(service: WscConfigService, options: WscModuleOptions, logger: Logger): Hub {
  const config = service.current;
  const { nodeId } = config.hub;
  const clock = new SystemClock();
  const addresses = new CidrAddressPolicy(addressLists(config), { logger });
  const origins = new ListedOriginPolicy({ ...config.access, checkOrigin: options.checkOrigin }, { logger });
  const hub = new Hub(config.hub, {
    clock,
    logger,
    origins,
    connectTokens: options.connectTokens ?? new MemoryConnectTokens({}, { clock }),
    addresses: options.addresses ?? addresses,
    broker: options.broker ?? new MemoryBroker(),
    presence: options.presence ?? new MemoryPresence(),
    cluster: new MemoryCluster({ nodeId, instanceId: createInstanceId(nodeId), startedAt: clock.now() }),
    authenticator: authenticatorFrom(config, options, { clock, logger }),
    revocations: options.revocations ?? new MemoryRevocationList({ clock }),
  });
  service.onChange((changed) => {
    addresses.update(addressLists(changed));
    origins.update(changed.access.origins);
    hub.updateOptions(changed.hub);
  });
  applyCodeOptions(hub, options);
  return hub;
}

interface AuthenticatorParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

function authenticatorFrom(
  config: WscConfig,
  options: WscModuleOptions,
  parts: AuthenticatorParts,
): Authenticator | undefined {
  if (options.authenticator !== undefined) return options.authenticator;
  return config.access.jwt === undefined ? undefined : new JwtAuthenticator(config.access.jwt, parts);
}

function applyCodeOptions(hub: Hub, { namespaces, authorizeChat, upgradeMiddleware }: WscModuleOptions): void {
  for (const [name, namespace] of Object.entries(namespaces ?? {})) hub.namespaces.define(name, namespace);
  for (const middleware of upgradeMiddleware ?? []) hub.useUpgrade(mapRefusals(middleware));
  if (authorizeChat !== undefined) hub.authorizeChat = mapErrors(authorizeChat);
}

function addressLists({ access }: WscConfig) {
  return { trustedProxies: access.trustedProxies, allow: access.ipAllow, deny: access.ipDeny };
}
