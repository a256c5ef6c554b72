import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { IsInt, Max, Min } from 'class-validator';
import { IsWscName, IsWscUserId, MayBeAbsent } from '@nest-wsc/demo-service';
import { WscPublisher } from '@nest-wsc/publisher';
import type { RunningJob, Task, TaskResult } from './task.js';

const steps: readonly number[] = [0, 25, 50, 75, 100];

/** A pretended upload. */
export class UploadProgressDto {
  @IsWscUserId()
  readonly user_id!: string;

  @IsWscName()
  readonly upload!: string;

  /** How long each quarter takes. @default 500 */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(2_000)
  readonly step_ms?: number;
}

/** Tells a user how far an upload is, as `upload.progress`: with a key, since who reads too slowly needs only the latest. */
@Injectable()
export class UploadProgressTask implements Task<UploadProgressDto> {
  readonly kind = 'upload-progress';
  readonly dto = UploadProgressDto;

  constructor(@Inject(WscPublisher) private readonly publisher: WscPublisher) {}

  async run({ id, data, setProgress }: RunningJob<UploadProgressDto>): Promise<TaskResult> {
    const { user_id: userId, upload, step_ms: stepMs = 500 } = data;
    let nodes = 0;
    for (const percent of steps) {
      if (percent > 0) await pause(stepMs);
      const message = { event: 'upload.progress', data: { upload, percent }, key: `upload:${upload}` };
      ({ nodes } = await this.publisher.toUser(userId, { ...message, id: `${id}:${percent}` }));
      await setProgress(percent);
    }
    return { nodes };
  }
}
