import { Module } from '@nestjs/common';
import { JobQueue } from './job-queue.js';
import { JobRunner } from './job-runner.js';
import { JobsController } from './jobs.controller.js';
import { CleanUpTask } from './tasks/clean-up.task.js';
import { OrderReminderTask } from './tasks/order-reminder.task.js';
import { PaymentRetryTask } from './tasks/payment-retry.task.js';
import { StockAlertTask } from './tasks/stock-alert.task.js';
import { TASKS, type Task } from './tasks/task.js';
import { UploadProgressTask } from './tasks/upload-progress.task.js';
import { UserNoticeTask } from './tasks/user-notice.task.js';

const tasks = [
  OrderReminderTask,
  UserNoticeTask,
  UploadProgressTask,
  PaymentRetryTask,
  StockAlertTask,
  CleanUpTask,
] as const;

/** The queue, who takes from it, and what can be done. */
@Module({
  controllers: [JobsController],
  providers: [
    JobQueue,
    JobRunner,
    ...tasks,
    { provide: TASKS, inject: [...tasks], useFactory: (...all: readonly Task[]) => all },
  ],
  exports: [JobQueue, JobRunner],
})
export class JobsModule {}
