import type { Type } from '@nestjs/common';

/** What there is to do. */
export const jobKinds = [
  'order-reminder',
  'user-notice',
  'upload-progress',
  'payment-retry',
  'stock-alert',
  'clean-up',
] as const;

/** One of {@link jobKinds}. */
export type JobKind = (typeof jobKinds)[number];

/** Injection token of all tasks. */
export const TASKS = Symbol('Tasks');

/** A job while it runs. */
export interface RunningJob<Data extends object = object> {
  /** The same in each attempt: messages with ids made of it are shown once, however often the job is tried. */
  readonly id: string;
  readonly data: Data;
  /** From 1. */
  readonly attempt: number;
  readonly setProgress: (percent: number) => Promise<void>;
}

/** What a job has told, and to how many gateways. */
export interface TaskResult {
  /** 0: nobody whom it concerns is connected. */
  readonly nodes: number;
}

/** Does the jobs of one kind. A throw is an attempt that failed. */
export interface Task<Data extends object = object> {
  readonly kind: JobKind;
  /** What its data must be: it is checked when a job is taken too, since another version may have put it there. */
  readonly dto: Type<Data>;
  run(job: RunningJob<Data>): Promise<TaskResult>;
  /** After the last attempt has failed. */
  giveUp?(job: RunningJob<Data>): Promise<void>;
}
