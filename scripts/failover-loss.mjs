/** What `npm run failover-loss` runs: what is lost when Redis dies, by how it is set up, for docs/delivery.md. */
import { runTestProgram } from './test-programs.mjs';

await runTestProgram('failover-loss');
