import { Inject, Injectable } from '@nestjs/common';
import { IsInt, Max, Min } from 'class-validator';
import { IsWscName } from '@nest-wsc/demo-service';
import { WscPublisher } from '@nest-wsc/publisher';
import type { RunningJob, Task, TaskResult } from './task.js';

/** A product that is running out. */
export class StockAlertDto {
  @IsWscName()
  readonly product!: string;

  @IsInt()
  @Min(0)
  @Max(1_000_000)
  readonly left!: number;
}

/** Shows everyone the new number, and tells the admins to order more. */
@Injectable()
export class StockAlertTask implements Task<StockAlertDto> {
  readonly kind = 'stock-alert';
  readonly dto = StockAlertDto;

  constructor(@Inject(WscPublisher) private readonly publisher: WscPublisher) {}

  async run({ id, data: { product, left } }: RunningJob<StockAlertDto>): Promise<TaskResult> {
    const update = { entity: 'stock', action: 'updated', id: product, data: { left } };
    const notification = { title: `${product} is running out`, body: `${left} left.`, category: 'stock' };
    const [{ nodes }] = await Promise.all([
      this.publisher.dataUpdate(update, { id: `${id}:all` }),
      this.publisher.toUserType('admin', { id: `${id}:admins`, event: 'notification', data: notification }),
    ]);
    return { nodes };
  }
}
