import type { Row } from '../scenarios/scenario.js';

/** How a figure is written: three digits are what these measurements are worth. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

/** Nanoseconds in the unit that fits. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 10_000) return `${figure(nanoseconds)} ns`;
  const microseconds = nanoseconds / 1000;
  return microseconds < 10_000 ? `${figure(microseconds)} µs` : `${figure(microseconds / 1000)} ms`;
}

/** Bytes in the unit that fits. */
export function byteSize(bytes: number): string {
  const kilobytes = bytes / 1024;
  return Math.abs(kilobytes) < 1024 ? `${figure(kilobytes)} kB` : `${figure(kilobytes / 1024)} MB`;
}

/** A column of a table of results. */
export interface Column {
  readonly head: string;
  readonly cell: (row: Row) => string | undefined;
}

/** The columns that a scenario's rows fill. */
export function columnsOf(rows: readonly Row[]): readonly Column[] {
  const base = rows.find(isBaseline) ?? rows.find(({ variant }) => variant.peer === 'stock');
  const all: readonly Column[] = [
    { head: '', cell: ({ label }) => label },
    { head: 'CPU', cell: ({ cpuNs }) => written(cpuNs, duration) },
    { head: 'spread', cell: ({ ranges: { cpuNs } }) => cpuNs?.map(duration).join(' – ') },
    {
      head: `÷ ${base?.variant.baseline ?? 'stock'}`,
      cell: ({ cpuNs }) => written(cpuNs, (cost) => written(base?.cpuNs, (other) => figure(cost / other))),
    },
    { head: 'of it user', cell: ({ userNs }) => written(userNs, duration) },
    { head: 'Redis', cell: ({ redisNs }) => written(redisNs, duration) },
    { head: 'per second', cell: ({ perSecond }) => written(perSecond, figure) },
    { head: 'p50', cell: ({ p50 }) => written(p50, (microseconds) => duration(microseconds * 1000)) },
    { head: 'p99', cell: ({ p99 }) => written(p99, (microseconds) => duration(microseconds * 1000)) },
    { head: 'all', cell: ({ last }) => written(last, (microseconds) => duration(microseconds * 1000)) },
    { head: 'arrived', cell: ({ delivered }) => written(delivered, percent) },
    { head: 'recovered', cell: ({ recovered }) => written(recovered, percent) },
    // Of a promise the worst round tells.
    { head: 'missing', cell: ({ ranges: { missing } }) => written(missing?.[1], figure) },
    { head: 'misplaced', cell: ({ ranges: { misplaced } }) => written(misplaced?.[1], figure) },
    { head: 'memory', cell: ({ bytes }) => written(bytes, byteSize) },
    // Slow readers have a spread of CPU too.
    { head: 'memory spread', cell: ({ ranges: { bytes } }) => bytes?.map(byteSize).join(' – ') },
    // Over 90 % the load generator (or Redis beside it) may be what was measured.
    { head: 'load', cell: ({ loadBusy }) => written(loadBusy, (busy) => percent(busy) + (busy > 0.9 ? ' (!)' : '')) },
  ];
  return all.filter(({ cell }) => rows.some((row) => cell(row) !== undefined));
}

function isBaseline({ variant }: Row): boolean {
  return variant.baseline !== undefined;
}

function written<T extends string | undefined>(value: number | undefined, write: (value: number) => T): T | undefined {
  return value === undefined ? undefined : write(value);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
