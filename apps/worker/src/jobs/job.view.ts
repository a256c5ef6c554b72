import type { FoundJob } from './job-queue.js';

/** What is known of a job that was taken. */
export interface AcceptedView {
  readonly job_id: string;
}

/** How a job stands. */
export interface JobView {
  readonly job_id: string;
  readonly kind: string;
  /** `dead`: its attempts are over. `unknown`: it was removed just now. */
  readonly state: 'waiting' | 'delayed' | 'active' | 'done' | 'dead' | 'unknown';
  /** Attempts that have ended. */
  readonly attempts: number;
  readonly progress: number;
  /** Milliseconds since 1970. */
  readonly created_at: number;
  readonly finished_at?: number;
  /** Why the last attempt failed. */
  readonly error?: string;
  /** To how many gateways its message was handed. */
  readonly nodes?: number;
}

/** Jobs that need somebody to look at them. */
export interface DeadJobsView {
  readonly jobs: readonly JobView[];
}

/** What the queue calls it, in our words. */
const stateNames: Readonly<Partial<Record<string, JobView['state']>>> = {
  waiting: 'waiting',
  prioritized: 'waiting',
  'waiting-children': 'waiting',
  delayed: 'delayed',
  active: 'active',
  completed: 'done',
  failed: 'dead',
};

/** What is told of a job. */
export function toJobView({ job, state }: FoundJob): JobView {
  const { id = '', name, attemptsMade, progress, timestamp, finishedOn, failedReason } = job;
  const result: unknown = job.returnvalue;
  return {
    job_id: id,
    kind: name,
    state: stateNames[state] ?? 'unknown',
    attempts: attemptsMade,
    progress: typeof progress === 'number' ? progress : 0,
    created_at: timestamp,
    ...(finishedOn !== undefined && { finished_at: finishedOn }),
    ...(typeof failedReason === 'string' && { error: failedReason }),
    ...nodesOf(result),
  };
}

function nodesOf(result: unknown): Pick<JobView, 'nodes'> {
  const isResult = typeof result === 'object' && result !== null && 'nodes' in result;
  return isResult && typeof result.nodes === 'number' ? { nodes: result.nodes } : {};
}
