import { byteSize, columnsOf, duration, figure } from './figures.js';
import { median } from './median.js';
import { rowOf } from './report.fixture.js';

describe('figures', () => {
  it.each([
    [0.01666, '0.0167'],
    [5.5, '5.5'],
    [99.94, '99.9'],
    [1234.5, '1,235'],
    [Infinity, '–'],
    [NaN, '–'],
  ])('write %d with three digits: %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });

  it.each([
    [126.4, '126 ns'],
    [9999, '9,999 ns'],
    [10_000, '10 µs'],
    [9_999_000, '9,999 µs'],
    [25_500_000, '25.5 ms'],
  ])('write %d ns as %s', (nanoseconds, text) => {
    expect(duration(nanoseconds)).toBe(text);
  });

  it('write bytes in the unit that fits', () => {
    expect([512, 4608, 98_566_144, -2048].map(byteSize)).toEqual(['0.5 kB', '4.5 kB', '94 MB', '-2 kB']);
  });

  it('fill the columns that a scenario has, with its ratio to stock', () => {
    const rows = [rowOf({ peer: 'ours' }, { cpuNs: 50, loadBusy: 0.95 }), rowOf({ peer: 'stock' }, { cpuNs: 200 })];
    const columns = columnsOf(rows);
    expect(columns.map(({ head }) => head)).toEqual(['', 'CPU', '÷ stock', 'load']);
    expect(columns.map(({ cell }) => cell(rows[0]!))).toEqual(['nest-wsc', '50 ns', '0.25', '95 % (!)']);
  });

  it('are held against the baseline of the scenario, where it has one of its own', () => {
    const rows = [
      rowOf({ peer: 'ours', baseline: 'without' }, { cpuNs: 50 }),
      rowOf({ peer: 'ours', note: 'with history' }, { cpuNs: 60 }),
      rowOf({ peer: 'stock' }, { cpuNs: 200 }),
    ];
    const ratio = columnsOf(rows).find(({ head }) => head === '÷ without');
    expect(rows.map((row) => ratio?.cell(row))).toEqual(['1', '1.2', '4']);
  });

  it('say of what may not be missing what was in the worst round', () => {
    const ranges = { missing: [0, 12], misplaced: [0, 0] } as const;
    const rows = [rowOf({ peer: 'ours' }, { last: 1_500_000, recovered: 1, missing: 0, misplaced: 0, ranges })];
    const columns = columnsOf(rows).map(({ head, cell }) => [head, cell(rows[0]!)]);
    expect(columns).toEqual([
      ['', 'nest-wsc'],
      ['all', '1,500 ms'],
      ['recovered', '100 %'],
      ['missing', '12'],
      ['misplaced', '0'],
    ]);
  });

  it('have what Redis took beside, where there was one', () => {
    const columns = columnsOf([rowOf({ peer: 'ours', nodes: 2 }, { cpuNs: 50, redisNs: 4 })]);
    expect(columns.map(({ head }) => head)).toEqual(['', 'CPU', 'Redis']);
  });

  it('have a spread each, CPU and memory', () => {
    const ranges = { cpuNs: [50, 70], bytes: [1024, 4096] } as const;
    const rows = [rowOf({ peer: 'ours' }, { cpuNs: 60, bytes: 2048, ranges })];
    const columns = columnsOf(rows);
    expect(columns.map(({ head }) => head)).toEqual(['', 'CPU', 'spread', 'memory', 'memory spread']);
    expect(columns.map(({ cell }) => cell(rows[0]!))).toEqual([
      'nest-wsc',
      '60 ns',
      '50 ns – 70 ns',
      '2 kB',
      '1 kB – 4 kB',
    ]);
  });
});

describe('the median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
    [[], undefined],
  ])('of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle);
  });
});
