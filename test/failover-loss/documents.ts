import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, type } from 'node:os';
import { format, resolveConfig } from 'prettier';
import type { Failure } from './failures.js';
import { lossTable } from './loss-table.js';
import type { Results } from './results.js';

const begin = '<!-- failover-loss:begin -->';
const end = '<!-- failover-loss:end -->';

export function describeMachine(redisVersion: string): Results['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: String(cpus().length),
    system: `${type()} ${release().split('-')[0] ?? ''}`,
    node: process.version,
    redis: redisVersion,
  };
}

/** Where the results of all runs go. */
export interface Documents {
  /** JSON. */
  readonly data: string;
  /** Markdown with two marks, between which the table stands. */
  readonly page: string;
}

/** Puts new results beside those that are there already, and the table of all into the page. */
export async function writeResults(
  results: Results,
  failures: readonly Failure[],
  documents: Documents,
): Promise<void> {
  const known = await readFailures(documents.data);
  const all: Results = { ...results, failures: { ...known, ...results.failures } };
  await writeFile(documents.data, await formatted(JSON.stringify(all), documents.data));
  const page = await readFile(documents.page, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${documents.page} lacks ${begin} … ${end}.`);
  const text = `${page.slice(0, from)}${begin}\n\n${lossTable(all, failures)}\n\n${page.slice(to)}`;
  await writeFile(documents.page, await formatted(text, documents.page));
}

async function readFailures(path: string): Promise<Results['failures']> {
  const text = await readFile(path, 'utf8').catch(() => '{"failures":{}}');
  return (JSON.parse(text) as Results).failures;
}

async function formatted(text: string, path: string): Promise<string> {
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}
