import type { RedisOptions } from '@nest-wsc/redis';
import type { Clock } from '../../core/ports/clock.js';
import type { Logger } from '../../core/ports/logger.js';
import { RedisConnectTokens } from './access/redis-connect-tokens.js';
import { RedisRevocationList } from './access/redis-revocation-list.js';
import { RedisBroker } from './broker/redis-broker.js';
import { RedisCluster } from './cluster/redis-cluster.js';
import { RedisIngest } from './ingest/redis-ingest.js';
import { RedisInbox } from './inbox/redis-inbox.js';
import { OpenChannels } from './open/open-channels.js';
import { RedisPresence } from './presence/redis-presence.js';
import { RedisMessageRecords } from './records/redis-message-records.js';
import { RedisConnections } from './redis-connections.js';
import { RedisRequestClaims } from './requests/redis-request-claims.js';
import { RedisSessions } from './sessions/redis-sessions.js';
import { RedisStreams } from './streams/redis-streams.js';

/** What {@link openRedisStores} needs. */
export interface RedisStoresOptions {
  readonly redis: RedisOptions;
  readonly nodeId: string;
  /** Who comes back into a room after less than this has not been away. */
  readonly graceMs: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Everything that a hub keeps in Redis or sends through it, over the same connections. */
export interface RedisStores {
  readonly broker: RedisBroker;
  readonly presence: RedisPresence;
  readonly cluster: RedisCluster;
  readonly revocations: RedisRevocationList;
  readonly connectTokens: RedisConnectTokens;
  readonly openMessages: OpenChannels;
  /** Undefined: nobody else writes, since open channels are switched off. */
  readonly ingest: RedisIngest | undefined;
  readonly inbox: RedisInbox;
  readonly streams: RedisStreams;
  readonly records: RedisMessageRecords;
  readonly sessions: RedisSessions;
  readonly requestClaims: RedisRequestClaims;
  /** To be closed after all the others. */
  readonly foundation: RedisConnections;
}

/**
 * Connects to Redis and puts the stores on it. Where Redis is not there within 2 s it goes on without: everything comes when it does.
 * @throws {TypeError} for options that can't be, and where ioredis is not installed.
 */
export async function openRedisStores(options: RedisStoresOptions): Promise<RedisStores> {
  const { redis, nodeId, graceMs, clock, logger } = options;
  const foundation = await RedisConnections.open(redis, { clock, logger });
  const parts = { connections: foundation, clock, logger };
  const cluster = new RedisCluster({ nodeId }, parts);
  const openMessages = new OpenChannels(parts);
  const instanceId = (): string => cluster.self.instanceId;
  return {
    foundation,
    cluster,
    openMessages,
    broker: new RedisBroker({ ...parts, instanceId, openChannels: openMessages }),
    presence: new RedisPresence({ graceMs }, { ...parts, instances: cluster }),
    revocations: new RedisRevocationList({}, parts),
    connectTokens: new RedisConnectTokens({}, parts),
    ingest: foundation.openPrefix === '' ? undefined : await RedisIngest.open({ redis }, parts),
    inbox: new RedisInbox({}, parts),
    streams: new RedisStreams(parts),
    records: new RedisMessageRecords(parts),
    sessions: new RedisSessions(parts),
    requestClaims: new RedisRequestClaims({}, { ...parts, instances: cluster }),
  };
}
