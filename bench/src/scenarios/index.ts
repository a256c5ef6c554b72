import { connectionScenarios } from './connections.js';
import { fanOutScenarios } from './fan-out.js';
import { growthScenarios } from './growth.js';
import { historyScenarios } from './history.js';
import { recoveryScenarios } from './recovery.js';
import { requestScenarios } from './requests.js';
import { redisScenarios } from './redis.js';
import type { Scenario } from './scenario.js';
import { slowReaderScenarios } from './slow-readers.js';
import { variationScenarios } from './variations.js';

/** Everything that `npm run bench` measures. */
export const scenarios: readonly Scenario[] = [
  ...fanOutScenarios,
  ...requestScenarios,
  ...connectionScenarios,
  ...slowReaderScenarios,
  ...variationScenarios,
  ...growthScenarios,
  ...redisScenarios,
  ...historyScenarios,
  ...recoveryScenarios,
];
