import { deployRolling } from './rolling-deploy/deploy.js';
import { summarize } from './rolling-deploy/main.js';

// Gateways start one after the other here, on a machine that may be busy.
jest.setTimeout(900_000);

/** `npm run rolling-deploy` has more. */
const clientCount = 200;

it(`${clientCount} clients of three gateways survive a rolling restart of all three, with nothing lost and nobody left behind`, async () => {
  const lines: string[] = [];
  const deploy = await deployRolling({ clientCount, report: (line) => lines.push(line) });
  console.info([...lines, ...summarize(deploy)].join('\n'));
  expect(deploy.faults).toEqual([]);
  expect(deploy.reconnectedCount).toBeGreaterThanOrEqual(clientCount / 2);
  expect(deploy.resumedCount).toBe(deploy.reconnectedCount);
});
