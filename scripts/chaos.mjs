/** What `npm run chaos` runs: gateways, a Redis and clients under random faults. */
import { runTestProgram } from './test-programs.mjs';

await runTestProgram('chaos');
