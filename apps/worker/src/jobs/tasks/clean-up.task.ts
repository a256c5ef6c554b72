import { Inject, Injectable } from '@nestjs/common';
import { IsInt, Max, Min } from 'class-validator';
import { MayBeAbsent } from '@nest-wsc/demo-service';
import { WscPublisher } from '@nest-wsc/publisher';
import { JobQueue } from '../job-queue.js';
import type { RunningJob, Task, TaskResult } from './task.js';

const hourMs = 3_600_000;

/** Which finished jobs go. */
export class CleanUpDto {
  /** @default 24 */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(8_760)
  readonly older_than_hours?: number;
}

/** Removes jobs that are done or dead for so long, and tells the admins how many, as `jobs.cleaned`. */
@Injectable()
export class CleanUpTask implements Task<CleanUpDto> {
  readonly kind = 'clean-up';
  readonly dto = CleanUpDto;

  constructor(
    @Inject(JobQueue) private readonly queue: JobQueue,
    @Inject(WscPublisher) private readonly publisher: WscPublisher,
  ) {}

  async run({ id, data: { older_than_hours: hours = 24 } }: RunningJob<CleanUpDto>): Promise<TaskResult> {
    const removed = await this.queue.removeFinished(hours * hourMs);
    const message = { id, event: 'jobs.cleaned', data: { removed } };
    const { nodes } = await this.publisher.toUserType('admin', message);
    return { nodes };
  }
}
