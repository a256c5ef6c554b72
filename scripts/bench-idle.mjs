/** What `npm run bench:idle` runs: its arguments are read first, then build, then the idle connections. */
import { importSources } from './import-sources.mjs';
import { runNode, scriptPath } from './run.mjs';

const [{ parseIdleCommandLine }, { say }] = await importSources('idle-command-line', 'arguments');
const command = parseIdleCommandLine(process.argv.slice(2));

if (command.kind === 'answer') say(command);
else {
  process.exitCode =
    (await runNode(scriptPath('build.mjs'))) ||
    (await runNode('bench/idle-connections.mjs', [JSON.stringify(command.options)]));
}
