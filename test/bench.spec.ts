import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plotsOf } from '../bench/src/report/plots.js';
import { labelOf, type ScenarioReport } from '../bench/src/report/summarize.js';
import { scenarios } from '../bench/src/scenarios/index.js';

const repository = join(__dirname, '..');
/** Compiled by `npm test`. */
const program = join(repository, 'bench/dist/main.js');

/** Runs the benchmark as `npm run bench` does. @throws {Error} with everything it has printed, where it fails. */
async function runBench(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  const read = (chunk: Buffer): void => void (printed += chunk.toString());
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`The benchmark ended with ${String(child.exitCode)}:\n${printed}`);
}

describe('the benchmark, with tiny numbers', () => {
  let folder: string;
  let reports: readonly ScenarioReport[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-wsc-bench-'));
    await mkdir(join(folder, 'docs'));
    await cp(join(repository, 'docs/performance.md'), join(folder, 'docs/performance.md'));
    await runBench('--smoke', '--docs', '--into', folder);
    reports = JSON.parse(await readFile(join(folder, 'docs/performance-results.json'), 'utf8'));
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(scenarios)('measures ours and the stock adapter in $name', ({ name, variants }) => {
    const report = reports.find((candidate) => candidate.name === name);
    const measured = report?.rows.map(({ label }) => label);
    const wanted = variants.filter(({ peer }) => peer === 'ours' || peer === 'stock');
    expect(measured).toEqual(expect.arrayContaining(wanted.map(labelOf)));
  });

  it.each(['burst-1000-128b', 'request', 'connect', 'redis-burst', 'recovery-500'])(
    'measures every peer that is installed in %s',
    (name) => {
      const report = reports.find((candidate) => candidate.name === name);
      const variants = scenarios.find((candidate) => candidate.name === name)?.variants ?? [];
      const missing = report?.missing ?? [];
      const named = [...(report?.rows ?? []), ...missing].map(({ label }) => label);
      expect(named.sort()).toEqual(variants.map(labelOf).sort());
      expect(missing.filter(({ hasFailed }) => hasFailed)).toEqual([]);
    },
  );

  it('says what Redis took beside the nodes, and where it ran', () => {
    for (const { name, rows, placement } of reports.filter((report) => report.name.startsWith('redis-'))) {
      for (const { label, redisNs } of rows) expect([name, label, redisNs]).toEqual([name, label, expect.any(Number)]);
      expect(placement).toContain('Redis');
    }
  });

  it('says that everybody got everything they missed, once and in order', () => {
    const storms = reports.filter(({ name }) => name.startsWith('recovery-'));
    expect(storms.length).toBeGreaterThan(0);
    for (const { name, rows } of storms) {
      const ours = rows.find(({ variant }) => variant.peer === 'ours');
      expect([name, ours]).toEqual([name, expect.objectContaining({ recovered: 1, missing: 0, misplaced: 0 })]);
    }
  });

  it('says of no message that it was heard before it was sent', () => {
    const rows = reports.flatMap(({ rows }) => rows);
    for (const { label, ranges } of rows) expect([label, (ranges.p50?.[0] ?? 1) > 0]).toEqual([label, true]);
    const burst = reports.find(({ name }) => name === 'burst-1000-128b');
    for (const { label, p50 } of burst?.rows ?? []) expect([label, p50]).toEqual([label, expect.any(Number)]);
  });

  it('writes the results of each scenario, all of them numbers', async () => {
    const results = join(folder, 'bench/results');
    expect((await readdir(results)).sort()).toEqual(scenarios.map(({ name }) => `${name}.json`).sort());
    for (const report of reports) {
      const text = await readFile(join(results, `${report.name}.json`), 'utf8');
      expect(JSON.parse(text)).toEqual(report);
      // What JSON makes of NaN and Infinity.
      expect(text).not.toContain('null');
    }
  });

  it('writes tables and plots into the page about performance', async () => {
    const page = await readFile(join(folder, 'docs/performance.md'), 'utf8');
    for (const { title } of reports) expect(page).toContain(`### ${title}\n`);
    const plots = reports.flatMap(plotsOf);
    const files = await readdir(join(folder, 'docs/images/performance'));
    expect(files.sort()).toEqual(plots.map(({ file }) => file).sort());
    for (const { file } of plots) expect(page).toContain(`(images/performance/${file})`);
  });
});
