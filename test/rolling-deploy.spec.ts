import { deployRolling, seconds } from './support/rolling-deploy.js';

// Gateways start one after the other here, on a machine that may be busy.
jest.setTimeout(900_000);

/** `npm run rolling-deploy -- --clients 5000` asks for more. */
const clients = Number(process.env['ROLLING_DEPLOY_CLIENTS'] ?? 200);

it(`${String(clients)} clients of three gateways survive a rolling restart of all three, with nothing lost and nobody left behind`, async () => {
  const lines: string[] = [];
  const deploy = await deployRolling(clients, (line) => {
    lines.push(line);
    if (clients > 1_000) process.stderr.write(`${line}\n`);
  });
  console.info(
    [
      ...lines,
      `${String(deploy.acknowledged)} messages were acknowledged, ${String(deploy.delivered)} delivered; ` +
        `${String(deploy.resumed)} of ${String(deploy.reconnected)} clients that came back resumed; ` +
        `the longest outages were ${deploy.outagesMs.map(seconds).join(', ')}.`,
    ].join('\n'),
  );
  expect(deploy.faults).toEqual([]);
  expect(deploy.reconnected).toBeGreaterThanOrEqual(clients / 2);
  expect(deploy.resumed).toBe(deploy.reconnected);
});
