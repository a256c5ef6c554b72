/**
 * Restarts three gateways behind nginx one after the other, with clients connected and messages on their way, and checks that nothing
 * is lost and nobody left behind.
 *
 *     npm run rolling-deploy -- --clients 5000
 */
import { parseArgs } from 'node:util';
import { runNode, scriptPath, toolPath } from './run.mjs';

const usage = `npm run rolling-deploy [-- --clients N]

Three gateways behind nginx are restarted one after the other, with N clients connected (5000) and messages on their way.
Prints how long clients were away, and fails where a message was lost or a client left behind.
Needs redis-server and nginx; each connection needs three file descriptors (ulimit -n).`;

function readArguments() {
  try {
    return parseArgs({ options: { clients: { type: 'string', default: '5000' }, help: { type: 'boolean' } } }).values;
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

const { clients, help } = readArguments();
if (help) {
  console.log(usage);
} else if (!/^[1-9]\d{0,5}$/.test(clients)) {
  console.error(`Expected --clients to be a whole number from 1, got "${clients}".\n\n${usage}`);
  process.exitCode = 2;
} else {
  process.exitCode = await runNode(scriptPath('build.mjs'));
  process.env.ROLLING_DEPLOY_CLIENTS = clients;
  if (process.exitCode === 0) process.exitCode = await runNode(toolPath('jest'), ['test/rolling-deploy.spec.ts']);
}
