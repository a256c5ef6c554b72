/** What all kinds of jobs wait in. */
export const jobQueueName = 'jobs';

/** What the queue's keys start with. */
export const jobPrefix = 'wsc-worker';
