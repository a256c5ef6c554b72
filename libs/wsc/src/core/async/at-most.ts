import type { Clock } from '../ports/clock.js';

/** Waits for work, but no longer than that; the work itself goes on. Rejects as the work does. */
export async function atMost(clock: Clock, timeoutMs: number, work: Promise<void>): Promise<void> {
  let cancel = (): void => undefined;
  const timeout = new Promise<void>((resolve) => {
    const timer = clock.after(timeoutMs, resolve);
    cancel = () => timer.cancel();
  });
  await Promise.race([work, timeout]);
  cancel();
}
