import {
  CidrAddressPolicy,
  JwtAuthenticator,
  ListedOriginPolicy,
  MemoryConnectTokens,
  MemoryRevocationList,
} from '../access/index.js';
import {
  createInstanceId,
  Hub,
  type Authenticator,
  type Clock,
  type HubDependencies,
  type Logger,
} from '../core/index.js';
import { MemoryBroker } from '../stores/memory/memory-broker.js';
import { MemoryCluster } from '../stores/memory/memory-cluster.js';
import { MemoryInbox } from '../stores/memory/memory-inbox.js';
import { MemoryMessageRecords } from '../stores/memory/memory-message-records.js';
import { MemoryPresence } from '../stores/memory/memory-presence.js';
import { MemorySessions } from '../stores/memory/memory-sessions.js';
import { MemoryStreams } from '../stores/memory/memory-streams.js';
import { openRedisStores } from '../stores/redis/index.js';
import { SystemClock } from '../system/system-clock.js';
import type { WscConfigService } from './config/wsc-config.service.js';
import type { WscConfig, WscModuleOptions } from './config/wsc-options.js';
import { mapErrors, mapRefusals } from './errors/map-errors.js';

/** Puts a hub together from configuration and options; what may change at run time follows the configuration. */
export async function createHub(service: WscConfigService, options: WscModuleOptions, logger: Logger): Promise<Hub> {
  const config = service.current;
  const clock = new SystemClock();
  const addresses = new CidrAddressPolicy(addressLists(config), { logger });
  const origins = new ListedOriginPolicy({ ...config.access, checkOrigin: options.checkOrigin }, { logger });
  let graceMs = (): number => service.current.hub.offlineGraceMs;
  const stores = await openStores(service, options, { clock, logger, graceMs: () => graceMs() });
  const hub = new Hub(config.hub, {
    ...stores,
    clock,
    logger,
    origins,
    connectTokens: options.connectTokens ?? stores.connectTokens,
    addresses: options.addresses ?? addresses,
    broker: options.broker ?? stores.broker,
    streams: options.streams ?? stores.streams,
    inbox: options.inbox ?? stores.inbox,
    sessions: options.sessions ?? stores.sessions,
    requestClaims: options.requestClaims ?? stores.requestClaims,
    presence: options.presence ?? stores.presence,
    authenticator: authenticatorFrom(config, options, { clock, logger }),
    revocations: options.revocations ?? stores.revocations,
  });
  graceMs = () => hub.offlineGraceMs;
  service.onChange((changed) => {
    addresses.update(addressLists(changed));
    origins.update(changed.access.origins);
    hub.updateOptions(changed.hub);
  });
  applyCodeOptions(hub, options);
  return hub;
}

interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
}

type Stores = Pick<
  HubDependencies,
  | 'broker'
  | 'presence'
  | 'streams'
  | 'inbox'
  | 'sessions'
  | 'records'
  | 'requestClaims'
  | 'cluster'
  | 'revocations'
  | 'connectTokens'
  | 'openMessages'
  | 'ingest'
  | 'foundation'
>;

/** In Redis where it is configured and there are WebSockets at all; else in memory. */
async function openStores(
  service: WscConfigService,
  options: WscModuleOptions,
  { clock, logger, graceMs }: Surroundings & { readonly graceMs: () => number },
): Promise<Stores> {
  const { enabled, redis, hub } = service.current;
  const { nodeId } = hub;
  if (enabled && redis !== undefined) return openRedisStores({ redis, nodeId, graceMs, clock, logger });
  const broker = options.broker ?? new MemoryBroker();
  return {
    broker,
    streams: new MemoryStreams({ clock, broker }),
    inbox: new MemoryInbox({ clock, broker }),
    sessions: new MemorySessions({ clock }),
    records: new MemoryMessageRecords({ clock }),
    presence: new MemoryPresence(),
    cluster: new MemoryCluster({ nodeId, instanceId: createInstanceId(nodeId), startedAt: clock.now() }),
    revocations: new MemoryRevocationList({ clock }),
    connectTokens: new MemoryConnectTokens({}, { clock }),
  };
}

function authenticatorFrom(
  config: WscConfig,
  options: WscModuleOptions,
  parts: Surroundings,
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
