import { EnvironmentReader, type Environment } from '@nest-wsc/demo-service';

/** What the worker reads from the environment. */
export interface WorkerConfig {
  /** `PORT`. @default 8084 */
  readonly port: number;
  /** `HOST`: the address that it listens on. Nobody is asked who they are, so only this machine reaches it. @default '127.0.0.1' */
  readonly host: string;
  /** `REDIS_URL`: where its jobs are, and the gateways. */
  readonly redisUrl: string;
  /** `WSC_REDIS_PREFIX`: the same as the gateways'. @default 'wsc' */
  readonly redisPrefix: string;
  /** `WORKER_RETRY_MS`: until the second attempt of a job; then twice as long each time. @default 1000 */
  readonly retryMs: number;
}

/**
 * Reads the worker's settings.
 * @throws {Error} naming every wrong variable and what was expected.
 */
export function readWorkerConfig(environment: Environment): WorkerConfig {
  const reader = new EnvironmentReader(environment);
  const redisUrl = reader.text('REDIS_URL');
  if (redisUrl === undefined) {
    reader.faults.push(
      'The worker keeps its jobs in Redis, and reaches the gateways through it: set REDIS_URL, for example REDIS_URL=redis://localhost:6379.',
    );
  }
  const config: WorkerConfig = Object.freeze({
    port: reader.port('PORT', 8084).value,
    host: reader.text('HOST') ?? '127.0.0.1',
    redisUrl: redisUrl ?? '',
    redisPrefix: reader.text('WSC_REDIS_PREFIX') ?? 'wsc',
    retryMs: reader.count('WORKER_RETRY_MS', 1_000).value,
  });
  if (reader.faults.length > 0) throw new Error(`The configuration is wrong. ${reader.faults.join(' ')}`);
  return config;
}
