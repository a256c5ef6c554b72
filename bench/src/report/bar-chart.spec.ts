import { barChart, scaleFor, type Bar } from './bar-chart.js';

const bar = (label: string, value: number, isOurs = false): Bar => ({ label, value, isOurs });

const draw = (...bars: Bar[]): string =>
  barChart({ title: 'Bursts & <more>', unit: 'CPU', bars, write: (value) => `${value} ns`, origin: 'today' });

const widthsIn = (svg: string): number[] =>
  [...svg.matchAll(/class="bar[^>]* width="(\d+)"/g)].map(([, width]) => Number(width));

describe('the scale of a chart', () => {
  it('is linear from 0 up to a spread of 20', () => {
    const scale = scaleFor([1, 10, 20]);
    expect(scale).toMatchObject({ isLogarithmic: false, marks: [] });
    expect([0, 10, 20].map(scale.at)).toEqual([0, 0.5, 1]);
  });

  it('is logarithmic above, from the power of ten below the smallest', () => {
    const scale = scaleFor([30, 10_000]);
    expect(scale).toMatchObject({ isLogarithmic: true, marks: [100, 1000, 10_000] });
    expect(scale.at(10)).toBe(0);
    expect(scale.at(10_000)).toBe(1);
    expect(scale.at(1000)).toBeCloseTo(2 / 3);
  });

  it('leaves the smallest a length where it is a power of ten itself', () => {
    expect(scaleFor([100, 10_000]).at(100)).toBeGreaterThan(0.2);
  });

  it('bears what is not above 0, and nothing at all', () => {
    expect([-5, 0, 10].map(scaleFor([-5, 0, 10]).at)).toEqual([0, 0, 1]);
    expect(scaleFor([0, 100, 10_000]).at(0)).toBe(0);
    expect(scaleFor([]).at(0)).toBe(0);
  });
});

describe('a chart', () => {
  it('has the shortest bar first, and marks ours', () => {
    const svg = draw(bar('theirs', 20), bar('ours', 10, true));
    const [ours = 0, theirs = 0] = widthsIn(svg);
    expect(theirs / ours).toBeCloseTo(2, 1);
    expect(svg.match(/class="bar ours"/g)).toHaveLength(1);
    expect(svg).toContain('class="label-ours" x="16" y="85.5">ours<');
  });

  it('draws the spread as a line, and leaves room for it', () => {
    const svg = draw({ ...bar('ours', 10), range: [5, 20] });
    const [, from, to] = /class="range" d="M(\d+) [\d.]+H(\d+)"/.exec(svg) ?? [];
    const [width = 0] = widthsIn(svg);
    expect(Number(to) - Number(from)).toBeCloseTo(width * 1.5, -1);
    expect(Number(to)).toBeLessThan(880);
  });

  it('is written in XML and in colours for both modes', () => {
    const svg = draw(bar('a & b', 1));
    expect(svg).toContain('Bursts &amp; &lt;more&gt;');
    expect(svg).toContain('a &amp; b');
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
  });

  it('says where its scale is logarithmic', () => {
    expect(draw(bar('one', 1), bar('two', 20))).not.toContain('logarithmic');
    expect(draw(bar('one', 1), bar('two', 21))).toContain('today · logarithmic scale');
  });
});
