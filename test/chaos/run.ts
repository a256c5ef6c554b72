import { unlessAborted } from '../support/unless-aborted.js';
import { checkHistory } from './checker/check-history.js';
import type { Violation } from './checker/violation.js';
import { Crowd } from './crowd.js';
import { Deployment } from './deployment.js';
import { injectFaults } from './fault-injector.js';
import { HistoryLog, type HistoryEvent } from './history.js';
import { planRun } from './schedule.js';

/** What is run. */
export interface RunOptions {
  readonly seed: number;
  /** For how long faults begin. */
  readonly lengthMs: number;
  /** From the beginning of one fault to the next, about. */
  readonly everyMs: number;
  readonly gatewayCount: number;
  readonly clientCount: number;
  /** How long everything may take to be as before when the faults are over. */
  readonly patienceMs: number;
  readonly report: (line: string) => void;
  /** Ends it before its time: what it has started is stopped, and it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface RunResult {
  readonly history: readonly HistoryEvent[];
  readonly violations: readonly Violation[];
  /** What never came to rest, if anything. */
  readonly unrest: string | undefined;
  readonly longestOutageMs: number;
  readonly redeliveredCount: number;
}

/** Runs gateways, Redis, networks and clients under faults; heals everything, waits until nothing moves, and checks what happened. */
export async function runChaos(options: RunOptions): Promise<RunResult> {
  const { seed, gatewayCount, clientCount, patienceMs, report, signal = new AbortController().signal } = options;
  const { isDurable, faults } = planRun(options);
  const log = new HistoryLog();
  await using deployment = await Deployment.start(gatewayCount, isDurable);
  signal.throwIfAborted();
  const crowd = await Crowd.gather({ clientCount, deployment, log, seed });
  report(`${String(clientCount)} clients in ${String(crowd.rooms.length)} rooms; ${String(faults.length)} faults`);
  try {
    const stopTalking = crowd.startTalking();
    await injectFaults(faults, { deployment, crowd, log, isDurable }, { report, signal });
    await unlessAborted(stopTalking(), signal);
    report('all is healed; waiting until nothing moves');
    const settled = crowd.settle(log, patienceMs).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const unrest = await unlessAborted(settled, signal);
    const history = [...log.events];
    const { longestOutageMs, redeliveredCount } = crowd;
    return { history, violations: checkHistory(history), unrest, longestOutageMs, redeliveredCount };
  } finally {
    await crowd.close();
  }
}
