import { Inject, Injectable } from '@nestjs/common';
import { IsInt, Max, Min } from 'class-validator';
import { IsWscName, IsWscUserId, MayBeAbsent } from '@nest-wsc/demo-service';
import { WscPublisher } from '@nest-wsc/publisher';
import type { RunningJob, Task, TaskResult } from './task.js';

const longestDelayMs = 30 * 24 * 3_600_000;

/** Reminds a user of an order, now or later. */
export class OrderReminderDto {
  @IsWscUserId()
  readonly user_id!: string;

  @IsWscName()
  readonly order!: string;

  /** Milliseconds from now, 30 days at most. @default 0 */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(longestDelayMs)
  readonly in_ms?: number;
}

/** Reminds a user of an order. The queue keeps it until its time, over restarts too. */
@Injectable()
export class OrderReminderTask implements Task<OrderReminderDto> {
  readonly kind = 'order-reminder';
  readonly dto = OrderReminderDto;

  constructor(@Inject(WscPublisher) private readonly publisher: WscPublisher) {}

  async run({ id, data: { user_id: userId, order } }: RunningJob<OrderReminderDto>): Promise<TaskResult> {
    const notification = {
      title: `Order ${order}`,
      body: 'It still waits for you.',
      link: `/orders/${encodeURIComponent(order)}`,
      category: 'order',
    };
    const { nodes } = await this.publisher.notify(userId, notification, { id });
    return { nodes };
  }
}
