import type { Range } from '../scenarios/scenario.js';

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The smallest and the largest of all rounds, drawn as a line through the bar's end. */
  readonly range?: Range;
  readonly isOurs: boolean;
}

/** Horizontal bars; less is better in all of them. */
export interface Chart {
  readonly title: string;
  /** What the bars are. */
  readonly unit: string;
  readonly bars: readonly Bar[];
  /** How a value is written, with its unit. */
  readonly write: (value: number) => string;
  /** When and where, in small print. */
  readonly origin: string;
}

/** Turns values into lengths. */
export interface Scale {
  readonly isLogarithmic: boolean;
  /** Values at which a line helps the eye: the powers of ten of a logarithmic scale. */
  readonly marks: readonly number[];
  /** 0 to 1. */
  readonly at: (value: number) => number;
}

/** Farther apart than this, the small ones could not be told from each other on a linear scale. */
const maxLinearSpread = 20;

/** A linear scale from 0, or a logarithmic one from the power of ten below the smallest. */
export function scaleFor(values: readonly number[]): Scale {
  const largest = Math.max(...values, Number.MIN_VALUE);
  const smallest = Math.min(...values.filter((value) => value > 0), largest);
  if (largest / smallest <= maxLinearSpread) {
    return { isLogarithmic: false, marks: [], at: (value) => Math.max(value, 0) / largest };
  }
  // A bar of no length would look like none.
  const first = Math.floor(Math.log10(smallest / 1.5));
  const width = Math.log10(largest) - first;
  const marks = Array.from({ length: Math.floor(width) }, (_, index) => 10 ** (first + 1 + index));
  return { isLogarithmic: true, marks, at: (value) => Math.max(Math.log10(value) - first, 0) / width };
}

const layout = { width: 880, margin: 16, top: 72, row: 28, bar: 18, letter: 7.3 } as const;

/** GitHub shows the file as an image: it brings its own colours for both modes, and its own ground below them. */
const style = `
  .ground { fill: #ffffff; stroke: #d1d9e0 } text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .title { font-size: 15px; font-weight: 600 } .small { fill: #59636e; font-size: 11px }
  .bar { fill: #afb8c1 } .ours { fill: #0969da } .label-ours { font-weight: 600 }
  .mark { stroke: #d1d9e0 } .range { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d } text { fill: #f0f6fc } .small { fill: #9198a1 }
    .bar { fill: #535b66 } .ours { fill: #4493f8 } .mark { stroke: #3d444d } .range { stroke: #f0f6fc }
  }`;

/** The chart as an SVG file, the shortest bar first. */
export function barChart(chart: Chart): string {
  const bars = [...chart.bars].sort((one, other) => one.value - other.value);
  const scale = scaleFor(bars.flatMap(({ value, range = [value] }) => [value, ...range]));
  const left = layout.margin + columnWidth(bars.map(({ label }) => label));
  const length = layout.width - layout.margin - columnWidth(bars.map(({ value }) => chart.write(value))) - left;
  const x = (value: number): number => Math.round(left + scale.at(value) * length);
  const bottom = layout.top + bars.length * layout.row;
  const height = bottom + 44;
  const small = scale.isLogarithmic ? `${chart.origin} · logarithmic scale` : chart.origin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${layout.width} ${height}" width="${layout.width}" role="img">`,
    `<title>${escapeXml(`${chart.title}: ${chart.unit}`)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${layout.width - 1}" height="${height - 1}" rx="6"/>`,
    textAt({ x: layout.margin, y: 30, text: chart.title, kind: 'title' }),
    textAt({ x: layout.margin, y: 50, text: `${chart.unit}; less is better`, kind: 'small' }),
    ...scale.marks.map((mark) => drawMark(x(mark), bottom, chart.write(mark))),
    ...bars.map((bar, index) => drawBar({ bar, index, left, x, text: chart.write(bar.value) })),
    textAt({ x: layout.margin, y: height - 12, text: small, kind: 'small' }),
    '</svg>\n',
  ].join('\n');
}

function columnWidth(texts: readonly string[]): number {
  return Math.ceil(Math.max(...texts.map(({ length }) => length), 0) * layout.letter) + 12;
}

interface DrawnBar {
  readonly bar: Bar;
  readonly index: number;
  readonly left: number;
  readonly x: (value: number) => number;
  readonly text: string;
}

function drawBar({ bar, index, left, x, text }: DrawnBar): string {
  const y = layout.top + index * layout.row;
  const middle = y + layout.bar / 2;
  const [from, to] = bar.range ?? [bar.value, bar.value];
  return [
    textAt({ x: layout.margin, y: middle + 4.5, text: bar.label, kind: bar.isOurs ? 'label-ours' : 'label' }),
    `<rect class="bar${bar.isOurs ? ' ours' : ''}" x="${left}" y="${y}" width="${x(bar.value) - left}" height="${layout.bar}"/>`,
    `<path class="range" d="M${x(from)} ${middle}H${x(to)}"/>`,
    textAt({ x: Math.max(x(bar.value), x(to)) + 8, y: middle + 4.5, text, kind: bar.isOurs ? 'label-ours' : 'label' }),
  ].join('\n');
}

function drawMark(x: number, bottom: number, text: string): string {
  return [
    `<path class="mark" d="M${x} ${layout.top - 6}V${bottom}"/>`,
    textAt({ x: x + 3, y: bottom + 10, text, kind: 'small' }),
  ].join('\n');
}

interface Text {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly kind: string;
}

function textAt({ x, y, text, kind }: Text): string {
  return `<text class="${kind}" x="${x}" y="${y}">${escapeXml(text)}</text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
