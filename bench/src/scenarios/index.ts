import { connectionScenarios } from './connections.js';
import { fanOutScenarios } from './fan-out.js';
import { growthScenarios } from './growth.js';
import { requestScenarios } from './requests.js';
import type { Scenario } from './scenario.js';
import { slowReaderScenarios } from './slow-readers.js';
import { variationScenarios } from './variations.js';

/** Everything that `npm run bench` measures. Scenarios through Redis join here once there is more than one node. */
export const scenarios: readonly Scenario[] = [
  ...fanOutScenarios,
  ...requestScenarios,
  ...connectionScenarios,
  ...slowReaderScenarios,
  ...variationScenarios,
  ...growthScenarios,
];
