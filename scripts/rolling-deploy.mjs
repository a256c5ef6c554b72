/** What `npm run rolling-deploy` runs: gateways that are restarted one after the other under their clients. */
import { runTestProgram } from './test-programs.mjs';

await runTestProgram('rolling-deploy');
