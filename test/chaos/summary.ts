import type { RunResult } from './run.js';
import type { HistoryEvent } from './history.js';

const shownViolations = 20;

/** What a run came to, as lines for people. */
export function summarize(result: RunResult): readonly string[] {
  const { history, violations, unrest, longestOutageMs, redeliveredCount } = result;
  const count = (kind: HistoryEvent['kind']): string =>
    history.reduce((sum, event) => sum + (event.kind === kind ? 1 : 0), 0).toLocaleString('en');
  return [
    `acknowledged ${count('acknowledged')}, delivered ${count('received')}, refused ${count('failed')}, unknown ${count('unknown')}`,
    `recovered ${count('recovered')}, told of a loss ${count('lost')}, redelivered ${redeliveredCount.toLocaleString('en')}`,
    `longest outage of a client ${(longestOutageMs / 1000).toFixed(1)} s`,
    ...(unrest === undefined ? [] : [`did not come to rest: ${unrest}`]),
    ...violations
      .slice(0, shownViolations)
      .flatMap(({ rule, text, events }) => [
        `${rule}: ${text}`,
        ...events.map((event) => `    ${JSON.stringify({ ...event, at: Math.round(event.at) })}`),
      ]),
    violations.length === 0 ? 'the checker finds nothing' : `the checker finds ${String(violations.length)} violations`,
  ];
}
