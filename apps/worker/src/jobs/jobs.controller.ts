import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { notFound } from '@nest-wsc/demo-service';
import { JobQueue, type NewJob } from './job-queue.js';
import { toJobView, type AcceptedView, type DeadJobsView, type JobView } from './job.view.js';
import { CleanUpDto } from './tasks/clean-up.task.js';
import { OrderReminderDto } from './tasks/order-reminder.task.js';
import { PaymentRetryDto } from './tasks/payment-retry.task.js';
import { StockAlertDto } from './tasks/stock-alert.task.js';
import { UploadProgressDto } from './tasks/upload-progress.task.js';
import { UserNoticeDto } from './tasks/user-notice.task.js';

const mostDead = 100;

/** Adds jobs and says how they stand. */
@Controller('jobs')
export class JobsController {
  constructor(@Inject(JobQueue) private readonly queue: JobQueue) {}

  @Post('order-reminder')
  @HttpCode(202)
  orderReminder(@Body() dto: OrderReminderDto): Promise<AcceptedView> {
    return this.add({ kind: 'order-reminder', data: dto, delayMs: dto.in_ms ?? 0 });
  }

  @Post('user-notice')
  @HttpCode(202)
  userNotice(@Body() dto: UserNoticeDto): Promise<AcceptedView> {
    return this.add({ kind: 'user-notice', data: dto });
  }

  @Post('upload-progress')
  @HttpCode(202)
  uploadProgress(@Body() dto: UploadProgressDto): Promise<AcceptedView> {
    return this.add({ kind: 'upload-progress', data: dto });
  }

  @Post('payment-retry')
  @HttpCode(202)
  paymentRetry(@Body() dto: PaymentRetryDto): Promise<AcceptedView> {
    return this.add({ kind: 'payment-retry', data: dto });
  }

  @Post('stock-alert')
  @HttpCode(202)
  stockAlert(@Body() dto: StockAlertDto): Promise<AcceptedView> {
    return this.add({ kind: 'stock-alert', data: dto });
  }

  @Post('clean-up')
  @HttpCode(202)
  cleanUp(@Body() dto: CleanUpDto): Promise<AcceptedView> {
    return this.add({ kind: 'clean-up', data: dto });
  }

  /** Those whose attempts are over, the latest first: somebody has to look at them. */
  @Get('dead')
  async dead(): Promise<DeadJobsView> {
    return { jobs: (await this.queue.dead(mostDead)).map(toJobView) };
  }

  @Get(':id')
  async one(@Param('id') id: string): Promise<JobView> {
    // Everything else is no id of ours, and may be another key of the queue.
    const job = isUUID(id) ? await this.queue.find(id) : undefined;
    if (job === undefined) throw notFound('There is no such job, or it was done long ago.');
    return toJobView(job);
  }

  private async add(job: NewJob): Promise<AcceptedView> {
    return { job_id: await this.queue.add(job) };
  }
}
