import { Controller, Get, Inject } from '@nestjs/common';
import { WscError } from '@nest-wsc/protocol';
import { WscPublisher } from '@nest-wsc/publisher';
import { JobQueue } from '../jobs/job-queue.js';
import { JobRunner } from '../jobs/job-runner.js';

/** For the orchestrator: yes or no, nothing else. */
@Controller('health')
export class HealthController {
  constructor(
    @Inject(WscPublisher) private readonly publisher: WscPublisher,
    @Inject(JobQueue) private readonly queue: JobQueue,
    @Inject(JobRunner) private readonly runner: JobRunner,
  ) {}

  /** Whether the process is worth keeping. */
  @Get('live')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  /** Whether jobs are taken and done: not while Redis is gone, not during the shutdown. */
  @Get('ready')
  ready(): { readonly status: 'ok' } {
    const isReady = this.publisher.isReady && this.queue.isReady && this.runner.isRunning;
    if (!isReady) throw new WscError('WSC_UNAVAILABLE');
    return { status: 'ok' };
  }
}
