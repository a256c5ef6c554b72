import { Inject, Injectable } from '@nestjs/common';
import { IsInt, Max, Min } from 'class-validator';
import { IsWscName, IsWscUserId, MayBeAbsent } from '@nest-wsc/demo-service';
import { WscPublisher } from '@nest-wsc/publisher';
import type { RunningJob, Task, TaskResult } from './task.js';

/** A payment that did not go through the first time. */
export class PaymentRetryDto {
  @IsWscUserId()
  readonly user_id!: string;

  @IsWscName()
  readonly payment!: string;

  /** How often the pretended provider declines before it takes the payment. @default 0 */
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(100)
  readonly declines?: number;
}

/** Tries a payment again until it goes through or the attempts are over, and tells how it ended. */
@Injectable()
export class PaymentRetryTask implements Task<PaymentRetryDto> {
  readonly kind = 'payment-retry';
  readonly dto = PaymentRetryDto;

  constructor(@Inject(WscPublisher) private readonly publisher: WscPublisher) {}

  async run({ id, data, attempt }: RunningJob<PaymentRetryDto>): Promise<TaskResult> {
    const { user_id: userId, payment, declines = 0 } = data;
    if (attempt <= declines) throw new Error(`The provider declined payment ${payment}.`);
    const notification = { title: `Payment ${payment}`, body: 'It went through.', category: 'payment' };
    const { nodes } = await this.publisher.notify(userId, notification, { id });
    return { nodes };
  }

  /** The user can do something about it, and so can those who look after customers. */
  async giveUp({ id, data: { user_id: userId, payment } }: RunningJob<PaymentRetryDto>): Promise<void> {
    const notification = { title: `Payment ${payment}`, body: 'It did not go through.', category: 'payment' };
    await Promise.all([
      this.publisher.notify(userId, notification, { id: `${id}:user` }),
      this.publisher.toUserType('agent', {
        id: `${id}:agents`,
        event: 'notification',
        data: { ...notification, data: { user_id: userId } },
      }),
    ]);
  }
}
