import { Inject, Injectable } from '@nestjs/common';
import { IsString, Length } from 'class-validator';
import { IsLink, IsWscUserId, MayBeAbsent } from '@nest-wsc/demo-service';
import { WscPublisher } from '@nest-wsc/publisher';
import type { RunningJob, Task, TaskResult } from './task.js';

/** A notification for a user. */
export class UserNoticeDto {
  @IsWscUserId()
  readonly user_id!: string;

  @IsString()
  @Length(1, 200)
  readonly title!: string;

  @IsString()
  @Length(0, 4000)
  readonly body!: string;

  @MayBeAbsent()
  @IsLink()
  readonly link?: string;
}

/** Notifies a user. */
@Injectable()
export class UserNoticeTask implements Task<UserNoticeDto> {
  readonly kind = 'user-notice';
  readonly dto = UserNoticeDto;

  constructor(@Inject(WscPublisher) private readonly publisher: WscPublisher) {}

  async run({ id, data }: RunningJob<UserNoticeDto>): Promise<TaskResult> {
    const { user_id: userId, title, body, link } = data;
    const notification = { title, body, ...(link !== undefined && { link }) };
    const { nodes } = await this.publisher.notify(userId, notification, { id });
    return { nodes };
  }
}
