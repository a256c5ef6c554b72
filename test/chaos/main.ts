import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from './command-line.js';
import type { HistoryEvent } from './history.js';
import { runChaos } from './run.js';
import { summarize } from './summary.js';

const everyMs = 2_200;
// Presence may take 30 s to be right again.
const patienceMs = 45_000;
// As shells count them.
const interruptedExitCode = 130;

/** Runs what was asked for, says how it goes, and sets the exit code. */
export async function main(command: Extract<Command, { readonly kind: 'run' }>): Promise<void> {
  const { seed, minutes, gatewayCount, clientCount, logPath } = command;
  const startedAt = performance.now();
  const report = (line: string): void => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(7)} s  ${line}`);
  };
  report(`seed ${String(seed)}`);
  const lengthMs = minutes * 60_000;
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  const options = { seed, lengthMs, everyMs, gatewayCount, clientCount, patienceMs, report };
  const result = await runChaos({ ...options, signal: interruption.signal }).catch((error: unknown) => {
    if (!interruption.signal.aborted) throw error;
    report('interrupted; everything it had started is stopped');
  });
  if (result === undefined) {
    process.exitCode = interruptedExitCode;
    return;
  }
  for (const line of summarize(result)) console.log(line);
  if (logPath !== undefined) await writeLog(logPath, result.history);
  const isClean = result.violations.length === 0 && result.unrest === undefined;
  if (!isClean) console.log(`again: npm run chaos -- --seed ${String(seed)} --minutes ${String(minutes)}`);
  process.exitCode = isClean ? 0 : 1;
}

async function writeLog(path: string, history: readonly HistoryEvent[]): Promise<void> {
  function* lines(): Generator<string> {
    for (const event of history) yield `${JSON.stringify(event)}\n`;
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
}
