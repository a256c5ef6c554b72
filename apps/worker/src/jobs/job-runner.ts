import { setTimeout as pause } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { DtoPipe, logLine } from '@nest-wsc/demo-service';
import { insistOnDatabase } from '@nest-wsc/redis';
import { WORKER_CONFIG } from '../config/worker-config.module.js';
import type { WorkerConfig } from '../config/worker-config.js';
import { jobPrefix, jobQueueName } from './job-names.js';
import { TASKS, type RunningJob, type Task, type TaskResult } from './tasks/task.js';

const concurrency = 20;
/** How long jobs may end at a shutdown; what is left then is done by another worker, or after the restart. */
const drainMs = 10_000;

/** Takes jobs from the queue and does them, each until it is done or its attempts are over. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('JobRunner');
  private readonly pipe = new DtoPipe();
  private readonly tasks: ReadonlyMap<string, Task>;
  private connection: Redis | undefined;
  private worker: Worker | undefined;

  constructor(
    @Inject(WORKER_CONFIG) private readonly config: WorkerConfig,
    @Inject(TASKS) tasks: readonly Task[],
  ) {
    this.tasks = new Map(tasks.map((task) => [task.kind, task]));
  }

  get isRunning(): boolean {
    return this.worker?.isRunning() === true;
  }

  onApplicationBootstrap(): void {
    // Waits for jobs in a command that Redis does not answer until there is one: it has no time-out, and is asked again after an outage.
    this.connection = insistOnDatabase(new Redis(this.config.redisUrl, { maxRetriesPerRequest: null }));
    // The queue's connection tells of an outage, and the worker's errors are the same.
    this.connection.on('error', () => undefined);
    this.worker = new Worker(jobQueueName, (job) => this.run(job), {
      connection: this.connection,
      prefix: jobPrefix,
      concurrency,
      skipVersionCheck: true,
    });
    this.worker.on('error', () => undefined);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const late = new AbortController();
    // Without Redis no job can end; the worker would wait for it to come back.
    const isCut = this.connection?.status !== 'ready';
    // Fails only by being aborted, when nobody waits for it any more.
    const inTime = pause(drainMs, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([this.worker?.close(isCut), inTime]);
    late.abort();
    this.connection?.disconnect();
  }

  private async run(job: Job): Promise<TaskResult> {
    const task = this.tasks.get(job.name);
    if (task === undefined) throw new UnrecoverableError(`There is no task for ${JSON.stringify(job.name)}.`);
    const running = await this.prepare(job, task);
    try {
      return await task.run(running);
    } catch (cause) {
      await this.noteFailure({ job, task, running, cause });
      throw cause;
    }
  }

  private async prepare(job: Job, { dto }: Task): Promise<RunningJob> {
    const data: unknown = await this.pipe
      .transform(job.data, { type: 'body', metatype: dto })
      .catch((cause: unknown) => {
        throw new UnrecoverableError(logLine('The data of the job is not valid.', { cause }));
      });
    if (!(data instanceof dto)) throw new UnrecoverableError('The data of the job is no object.');
    return {
      id: job.id ?? '',
      data,
      attempt: job.attemptsMade + 1,
      setProgress: (percent) => job.updateProgress(percent),
    };
  }

  private async noteFailure({ job, task, running, cause }: FailedAttempt): Promise<void> {
    const facts = { kind: job.name, id: job.id, attempt: running.attempt, cause };
    if (running.attempt < (job.opts.attempts ?? 1)) {
      this.logger.debug(logLine('A job failed and is tried again.', facts));
      return;
    }
    this.logger.warn(logLine('A job is dead: its attempts are over.', facts));
    try {
      await task.giveUp?.(running);
    } catch (error) {
      this.logger.warn(logLine('Nobody could be told that a job is dead.', { ...facts, cause: error }));
    }
  }
}

/** An attempt that ended with an error. */
interface FailedAttempt {
  readonly job: Job;
  readonly task: Task;
  readonly running: RunningJob;
  readonly cause: unknown;
}
