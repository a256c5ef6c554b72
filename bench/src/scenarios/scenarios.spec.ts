import { labelOf } from '../report/summarize.js';
import { rowOf } from '../report/report.fixture.js';
import { scenarios } from './index.js';
import type { PeerName } from '../harness/peers.js';
import { figureNames, type Row, type Variant } from './scenario.js';

/** Figures of every kind. */
const figures = Object.fromEntries(figureNames.map((name) => [name, 1]));

describe('the scenarios', () => {
  it('have names and titles of their own', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    expect(new Set(scenarios.map(({ title }) => title)).size).toBe(scenarios.length);
  });

  it.each(scenarios)('tell their variants apart in $name', ({ variants }) => {
    expect(new Set(variants.map(labelOf)).size).toBe(variants.length);
  });

  it.each(scenarios)('judge goals by peers that are measured in $name', ({ variants, goals }) => {
    const of = (peer: PeerName, note?: string): Row => rowOf(find(variants, peer, note), figures);
    for (const { text, value } of goals) expect([text, value({ of })]).toEqual([text, expect.any(Number)]);
  });

  it('say different things by their goals', () => {
    const texts = scenarios.flatMap(({ goals }) => goals.map(({ text }) => text));
    expect(new Set(texts).size).toBe(texts.length);
  });
});

function find(variants: readonly Variant[], peer: PeerName, note: string | undefined): Variant {
  const variant = variants.find((candidate) => candidate.peer === peer && candidate.note === note);
  if (variant === undefined) throw new Error(`There is no ${peer}, ${String(note)}.`);
  return variant;
}
