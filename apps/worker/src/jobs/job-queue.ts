import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Job, Queue } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { logLine } from '@nest-wsc/demo-service';
import { WscError } from '@nest-wsc/protocol';
import {
  connectClient,
  createCommandClient,
  endClient,
  isEffectUnknown,
  logOutages,
  resolveRedisOptions,
} from '@nest-wsc/redis';
import { WORKER_CONFIG } from '../config/worker-config.module.js';
import type { WorkerConfig } from '../config/worker-config.js';
import { jobPrefix, jobQueueName } from './job-names.js';
import type { JobKind } from './tasks/task.js';

const attempts = 5;
/** Jobs that are over stay for who asks, within bounds: the dead ones longer, since somebody has to look at them. */
const keepDone = { age: 24 * 3_600, count: 1_000 };
const keepDead = { age: 7 * 24 * 3_600, count: 5_000 };
/** Of one kind of end in one clean-up. */
const mostRemoved = 10_000;

/** What a new job is. */
export interface NewJob {
  readonly kind: JobKind;
  readonly data: object;
  /** @default 0 */
  readonly delayMs?: number;
}

/** A job, and how it stands in the queue's own words. */
export interface FoundJob {
  readonly job: Job;
  readonly state: string;
}

/** The jobs in Redis, for who adds them and asks about them: fails soon where Redis is gone, unlike who waits for the next one. */
@Injectable()
export class JobQueue implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('JobQueue');
  private client: Redis | Cluster | undefined;
  private queue: Queue | undefined;

  constructor(@Inject(WORKER_CONFIG) private readonly config: WorkerConfig) {}

  async onModuleInit(): Promise<void> {
    const client = await createCommandClient(resolveRedisOptions(this.config.redisUrl));
    logOutages(client, 'commands', {
      warn: (message, { cause }) => this.logger.warn(logLine(message, { cause })),
      info: (message) => this.logger.log(message),
    });
    // Before the queue has it: that would connect once, and be of no use if it failed.
    await connectClient(client);
    this.client = client;
    this.queue = new Queue(jobQueueName, {
      connection: client,
      prefix: jobPrefix,
      skipVersionCheck: true,
      defaultJobOptions: {
        attempts,
        backoff: { type: 'exponential', delay: this.config.retryMs, jitter: 0.5 },
        removeOnComplete: keepDone,
        removeOnFail: keepDead,
      },
    });
    // An outage is told once, by the connection's own log.
    this.queue.on('error', () => undefined);
  }

  get isReady(): boolean {
    return this.client?.status === 'ready';
  }

  /** Answers the id of the job. @throws {WscError} WSC_UNAVAILABLE; WSC_TIMEOUT where it may be there all the same. */
  async add({ kind, data, delayMs = 0 }: NewJob): Promise<string> {
    // Not the queue's own numbers: messages get ids made of it, which no other queue may make too.
    const jobId = randomUUID();
    await this.ask((queue) => queue.add(kind, data, { jobId, delay: delayMs }));
    return jobId;
  }

  /** @throws {WscError} WSC_UNAVAILABLE */
  async find(id: string): Promise<FoundJob | undefined> {
    return this.ask(async (queue) => {
      // First, so that what is told of the job is at least as new: one that is done has its result.
      const state = await queue.getJobState(id);
      const job = await queue.getJob(id);
      return job === undefined ? undefined : { job, state };
    });
  }

  /** The latest of those whose attempts are over. @throws {WscError} WSC_UNAVAILABLE */
  async dead(limit: number): Promise<readonly FoundJob[]> {
    const jobs = await this.ask((queue) => queue.getFailed(0, limit - 1));
    return jobs.map((job) => ({ job, state: 'failed' }));
  }

  /** Answers how many are gone. @throws {WscError} WSC_UNAVAILABLE */
  async removeFinished(olderThanMs: number): Promise<number> {
    const done = await this.ask((queue) => queue.clean(olderThanMs, mostRemoved, 'completed'));
    const dead = await this.ask((queue) => queue.clean(olderThanMs, mostRemoved, 'failed'));
    return done.length + dead.length;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queue?.close();
    if (this.client !== undefined) await endClient(this.client);
  }

  private async ask<T>(question: (queue: Queue) => Promise<T>): Promise<T> {
    if (this.queue === undefined || !this.isReady) throw new WscError('WSC_UNAVAILABLE');
    try {
      return await question(this.queue);
    } catch (cause) {
      throw new WscError(isEffectUnknown(cause) ? 'WSC_TIMEOUT' : 'WSC_UNAVAILABLE', { cause });
    }
  }
}
