import type { FigureName, Row } from '../scenarios/scenario.js';
import { barChart, type Bar } from './bar-chart.js';
import { byteSize, duration } from './figures.js';
import { originOf } from './origin.js';
import type { ScenarioReport } from './summarize.js';
import { serversOf } from './text-table.js';

/** A plot as a file. */
export interface Plot {
  readonly file: string;
  /** What it shows, for those who don't see it. */
  readonly description: string;
  readonly svg: string;
}

type PlottedFigure = Extract<FigureName, 'cpuNs' | 'p50' | 'p99' | 'last' | 'bytes'>;

/** What is drawn of which scenario; of the others a table says enough. */
export const plotted: ReadonlyMap<string, readonly PlottedFigure[]> = new Map([
  ['burst-1000-128b', ['cpuNs']],
  ['burst-5000-128b', ['cpuNs']],
  ['one-at-a-time', ['cpuNs']],
  ['paced', ['p50', 'p99']],
  ['request', ['cpuNs']],
  ['request-pipelined', ['cpuNs']],
  ['request-chain', ['cpuNs']],
  ['connect', ['cpuNs']],
  ['memory', ['bytes']],
  ['slow-readers', ['bytes']],
  ['compressed-512b', ['cpuNs']],
  ['compressed-2048b', ['cpuNs']],
  ['flush-delay', ['cpuNs']],
  ['redis-burst', ['cpuNs']],
  ['redis-paced', ['cpuNs', 'p99']],
  ['redis-growth', ['cpuNs']],
  ['history-sends', ['cpuNs']],
  ['history-burst', ['cpuNs']],
  ['recovery-500', ['cpuNs']],
  ['recovery-5000', ['last']],
]);

/** Draws a scenario. */
export function plotsOf(report: ScenarioReport): readonly Plot[] {
  const figures = plotted.get(report.name) ?? [];
  return figures.map((figure) => {
    const unit = unitOf(figure, report);
    return {
      file: figures.length === 1 ? `${report.name}.svg` : `${report.name}-${figure}.svg`,
      description: `${report.title}: ${unit}`,
      svg: barChart({
        title: report.title,
        unit,
        bars: report.rows.flatMap((row) => barOf(row, figure)),
        write: writerOf(figure),
        origin: `${originOf(report)} · lines: smallest to largest`,
      }),
    };
  });
}

/** Memory in kilobytes, so that the marks of a scale are round. */
const kilobyte = 1024;

function barOf({ label, variant, ranges, ...row }: Row, figure: PlottedFigure): readonly Bar[] {
  const value = row[figure];
  if (value === undefined) return [];
  const [smallest, largest] = ranges[figure] ?? [value, value];
  const divisor = figure === 'bytes' ? kilobyte : 1;
  const range = [smallest / divisor, largest / divisor] as const;
  return [{ label, value: value / divisor, range, isOurs: variant.peer === 'ours' }];
}

function unitOf(figure: PlottedFigure, report: ScenarioReport): string {
  const { operation, bytesAre = 'memory', timesAre, rows } = report;
  switch (figure) {
    case 'cpuNs':
      return `CPU of ${serversOf(rows)} per ${operation}`;
    case 'p50':
      return 'median of the time from the server’s send to the member’s read';
    case 'p99':
      return '99th percentile of the time from the server’s send to the member’s read';
    case 'last':
      return `${timesAre ?? 'time'}, all of them`;
    case 'bytes':
      return bytesAre;
  }
}

function writerOf(figure: PlottedFigure): (value: number) => string {
  if (figure === 'bytes') return (kilobytes) => byteSize(kilobytes * kilobyte);
  return figure === 'cpuNs' ? duration : (microseconds) => duration(microseconds * 1000);
}
