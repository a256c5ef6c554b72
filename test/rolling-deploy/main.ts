import type { Command } from './command-line.js';
import { deployRolling, seconds, type RollingDeploy } from './deploy.js';

// As shells count them.
const interruptedExitCode = 130;

/** Deploys under so many clients, says how it goes, and sets the exit code. */
export async function main({ clientCount }: Extract<Command, { readonly kind: 'run' }>): Promise<void> {
  const startedAt = performance.now();
  const report = (line: string): void => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${line}`);
  };
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  const deploy = await deployRolling({ clientCount, report, signal: interruption.signal }).catch((error: unknown) => {
    if (!interruption.signal.aborted) throw error;
    report('interrupted; everything it had started is stopped');
  });
  if (deploy === undefined) {
    process.exitCode = interruptedExitCode;
    return;
  }
  for (const line of summarize(deploy)) console.log(line);
  process.exitCode = deploy.faults.length === 0 ? 0 : 1;
}

/** For people. */
export function summarize(deploy: RollingDeploy): readonly string[] {
  const { restarts, acknowledgedCount, deliveredCount, longestSendMs, resumedCount, reconnectedCount, faults } = deploy;
  return [
    ...restarts.map(
      ({ nodeId, clientCount, drainMs, medianOutageMs, longestOutageMs }) =>
        `${nodeId}: ${String(clientCount)} clients, drained in ${seconds(drainMs)}; ` +
        `away for ${seconds(medianOutageMs)} in the median, ${seconds(longestOutageMs)} at most`,
    ),
    `${String(acknowledgedCount)} messages acknowledged within ${seconds(longestSendMs)}, ${String(deliveredCount)} delivered; ` +
      `${String(resumedCount)} of ${String(reconnectedCount)} clients that came back resumed`,
    ...(faults.length === 0 ? ['nothing lost, nobody left behind'] : faults),
  ];
}
