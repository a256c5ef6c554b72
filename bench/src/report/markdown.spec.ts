import { scenarios } from '../scenarios/index.js';
import { mergeReports } from './docs.js';
import { markers, outcome, resultsMarkdown, withResults } from './markdown.js';
import { plotsOf, plotted } from './plots.js';
import { burstReport, rowOf } from './report.fixture.js';

describe('the results in Markdown', () => {
  const text = resultsMarkdown([burstReport]);

  it('say when, how often, where and with what they were measured', () => {
    expect(text).toMatch(/^- Measured on 2026-01-31, commit 1a2b3c4$/m);
    expect(text).toMatch(/^- A CPU, 2 cores, 4 GB, Linux 6, Node v20.0.0; ws 8.0.0$/m);
    expect(text).toMatch(/^<sub>2026-01-31 · commit 1a2b3c4 · medians of 3 rounds<\/sub>$/m);
  });

  it('say on which cores, and that nodes are counted together, where Redis makes them one', () => {
    const rows = [rowOf({ peer: 'ours', nodes: 2 }, { cpuNs: 60 })];
    const both = resultsMarkdown([{ ...burstReport, rows, placement: 'all nodes together on core 0' }]);
    expect(both).toMatch(/^<sub>.*medians of 3 rounds · all nodes together on core 0<\/sub>$/m);
    expect(both).toContain('CPU of all nodes together per delivery');
  });

  it('say which scenarios were measured at another time, of another commit', () => {
    const later = {
      ...burstReport,
      name: 'request',
      date: '2026-02-01T12:00:00.000Z',
      commit: '5d6e7f8+changes',
      rounds: 1,
    };
    const both = resultsMarkdown([later, burstReport]);
    expect(both).toMatch(
      /^- Measured from 2026-01-31 to 2026-02-01, different commits; the line below each table says/m,
    );
    expect(both).toMatch(/^<sub>2026-01-31 · commit 1a2b3c4 · medians of 3 rounds<\/sub>$/m);
    expect(both).toMatch(/^<sub>2026-02-01 · commit 5d6e7f8\+changes · one round<\/sub>$/m);
  });

  it('say which scenarios were measured on another machine', () => {
    const machine = { ...burstReport.machine, cpu: 'Another' };
    const both = resultsMarkdown([burstReport, { ...burstReport, name: 'request', machine }]);
    expect(both).toMatch(/^- A CPU,.*\(burst-1000-128b\)$/m);
    expect(both).toMatch(/^- Another,.*\(request\)$/m);
  });

  it('may be of unknown commits, as older ones are', () => {
    const { commit: _commit, ...older } = burstReport;
    expect(resultsMarkdown([older])).toMatch(/^- Measured on 2026-01-31$/m);
    expect(resultsMarkdown([older])).toMatch(/^<sub>2026-01-31 · medians of 3 rounds<\/sub>$/m);
    expect(resultsMarkdown([older, burstReport])).toMatch(/^- Measured on 2026-01-31, different commits;/m);
  });

  it('have the goals in a table', () => {
    expect(text).toContain('| CPU against stock | ≤ 0.025 | ≤ 0.018 | **0.0167** | met, the stretch too |');
    expect(text).toContain('| CPU against Bun | ≤ 0.6 |  | – | not measured |');
  });

  it('have no goals where none were judged', () => {
    expect(resultsMarkdown([{ ...burstReport, goals: [] }])).not.toContain('### Goals');
  });

  it('have a plot, a table and what is missing for each scenario', () => {
    expect(text).toContain('![Bursts & more: CPU of the server per delivery](images/performance/burst-1000-128b.svg)');
    expect(text).toContain('| nest-wsc | 100 ns | 90 ns – 110 ns | 0.0167 |');
    expect(text).toContain('Bun: not measured (not installed).');
  });

  it('go between the markers of a document', () => {
    const document = `before\n${markers.begin}\nold\n${markers.end}\nafter\n`;
    expect(withResults(document, 'new')).toBe(`before\n${markers.begin}\n\nnew\n\n${markers.end}\nafter\n`);
    expect(() => withResults('no markers', 'new')).toThrow('results:begin');
  });

  it('tell a goal that is just met from one whose stretch is', () => {
    const goal = { text: '', goal: 0.95, stretch: 0.99, atLeast: true, isMet: true };
    expect([0.97, 0.99].map((value) => outcome({ ...goal, value }))).toEqual(['met', 'met, the stretch too']);
    expect(outcome({ ...goal, value: 0.9, isMet: false })).toBe('missed');
  });
});

describe('what was measured before', () => {
  it('stays where it is not measured again, in the order of the scenarios', () => {
    const [before, other] = [
      { ...burstReport, date: 'before' },
      { ...burstReport, name: 'request' },
    ];
    const gone = { ...burstReport, name: 'a scenario of the past' };
    expect(mergeReports([other, before, gone], [burstReport])).toEqual([burstReport, other]);
  });
});

describe('plots', () => {
  it('are of scenarios that there are', () => {
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining([...plotted.keys()]));
  });

  it('mark memory at round numbers', () => {
    const rows = [rowOf({ peer: 'ours' }, { bytes: 2048 }), rowOf({ peer: 'stock' }, { bytes: 200 * 1024 })];
    const svgs = plotsOf({ ...burstReport, name: 'memory', rows }).map(({ svg }) => svg);
    expect(svgs).toEqual([expect.stringMatching(/>10 kB<[^]*>100 kB<[^]*>2 kB<[^]*>200 kB</)]);
  });

  it('are one file for each figure', () => {
    const files = plotsOf({ ...burstReport, name: 'paced' }).map(({ file }) => file);
    expect(files).toEqual(['paced-p50.svg', 'paced-p99.svg']);
  });
});
