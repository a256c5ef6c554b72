import { join } from 'node:path';
import { startRedis } from '../support/redis/redis-server.js';
import type { Command } from './command-line.js';
import { describeMachine, writeResults } from './documents.js';
import { failures as allFailures, type Failure } from './failures.js';
import { lossTable } from './loss-table.js';
import type { Measurement, Results } from './results.js';
import { playRound } from './round.js';
import type { Tally } from './tally.js';

type Run = Extract<Command, { readonly kind: 'run' }>;

const docs = join(__dirname, '../../docs');
const documents = { data: join(docs, 'failover-loss.json'), page: join(docs, 'delivery.md') };
const phaseMs = 1_500;
const mostAttempts = 3;
// As shells count them.
const interruptedExitCode = 130;

/** Measures what was asked for, says how it goes, and sets the exit code: 1 where somebody missed something and was not told. */
export async function main(command: Run): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  try {
    const results = await measureAll(command, interruption.signal);
    if (!command.isWritten) console.log(`\n${lossTable(results, command.failures)}`);
    const hasUntold = Object.values(results.failures).some(({ rounds }) => rounds.some((each) => each.untoldCount > 0));
    process.exitCode = hasUntold ? 1 : 0;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    console.log('Interrupted; everything it had started is stopped.');
    process.exitCode = interruptedExitCode;
  }
}

async function measureAll({ roundCount, failures, isWritten }: Run, signal: AbortSignal): Promise<Results> {
  const startedAt = performance.now();
  const report = (line: string): void => {
    console.log(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${line}`);
  };
  let results: Results = { machine: describeMachine(await redisVersion()), failures: {} };
  for (const failure of failures) {
    const rounds: Tally[] = [];
    while (rounds.length < roundCount) {
      const tally = await playUntilOver(failure, signal, report);
      rounds.push(tally);
      report(`${failure.name} ${String(rounds.length)} of ${String(roundCount)}: ${inWords(tally)}`);
    }
    const measurement: Measurement = { measuredOn: new Date().toISOString().slice(0, 10), rounds };
    results = { ...results, failures: { ...results.failures, [failure.name]: measurement } };
    if (isWritten) await writeResults(results, allFailures, documents);
  }
  return results;
}

/** Sentinels of a machine that is busy may not agree for a minute: such a round says nothing, and is played again. */
async function playUntilOver(failure: Failure, signal: AbortSignal, report: (line: string) => void): Promise<Tally> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await playRound(failure, { phaseMs }, signal);
    } catch (error) {
      if (signal.aborted || attempt === mostAttempts) throw error;
      report(`${failure.name}: again, since a round did not come to its end (${String(error)})`);
    }
  }
}

function inWords({ inbox, rooms, untoldCount, reasons, outageMs, refusedCount, unknownCount }: Tally): string {
  const lost = ({ lostCount, acknowledgedCount }: Tally['inbox']['away']): string =>
    `${String(lostCount)}/${String(acknowledgedCount)}`;
  return [
    `durable lost ${lost(inbox.away)} away, ${lost(inbox.there)} connected`,
    `rooms lost ${lost(rooms.away)} away, ${lost(rooms.there)} connected`,
    `told ${reasons.join(', ') || 'nothing'}, ${String(untoldCount)} untold`,
    `outage ${(outageMs / 1000).toFixed(1)} s, ${String(refusedCount)} refused, ${String(unknownCount)} unknown`,
  ].join('; ');
}

async function redisVersion(): Promise<string> {
  await using redis = await startRedis();
  return (await redis.info('server')).get('redis_version') ?? 'unknown';
}
