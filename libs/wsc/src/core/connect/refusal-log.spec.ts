import { TestHub, type TestHubOptions } from '../../testing/test-hub.js';

async function reasonFor(query: string, init: TestHubOptions, headers = {}): Promise<unknown> {
  await using test = await TestHub.start(init);
  const request = { ...test.request({ headers }), query: new URLSearchParams(query) };
  await test.hub.gate.admit(request).catch(() => undefined);
  return test.logger.lines[0]?.context?.['reason'];
}

describe('the log of a refused connection', () => {
  const options = { auth: 'required' } as const;

  it('says at debug who was refused and why, but no token, no question, and no flood of them', async () => {
    await using test = await TestHub.start({ options });
    const query = new URLSearchParams({ token: 'secret' });
    const request = { ...test.request({ headers: { origin: 'https://a.example' } }), query };
    const refuseMany = async (count: number) => {
      for (let left = count; left > 0; left -= 1) await test.hub.gate.admit(request).catch(() => undefined);
    };
    await test.hub.gate.admit({ ...request, isUpgrade: false }).catch(() => undefined);
    await refuseMany(1);
    const reason = 'Authentication is needed. The token in the URL does not count, since tokenInQuery is off.';
    const context = { status: 401, reason, path: '/ws', address: '192.0.2.1' };
    const line = { level: 'debug', message: 'A connection was refused.' };
    expect(test.logger.lines).toEqual([{ ...line, context: { ...context, origin: 'https://a.example' } }]);
    await refuseMany(100);
    expect(test.logger.lines).toHaveLength(20);
    await test.clock.advance(1_000);
    await refuseMany(1);
    expect(test.logger.lines.at(-1)?.context).toMatchObject({ leftOut: 81 });
  });

  it('says that a token in the URL does not count while tokenInQuery is off', async () => {
    const hint = 'The token in the URL does not count, since tokenInQuery is off.';
    expect(await reasonFor('token=ann', { options })).toBe(`Authentication is needed. ${hint}`);
    expect(await reasonFor('token=ann', { options }, { authorization: 'Bearer' })).toBe(
      `The token is not valid. ${hint}`,
    );
  });

  it('says nothing of it where there is none, where it counts, and where something else was wrong', async () => {
    expect(await reasonFor('', { options })).toBe('Authentication is needed.');
    expect(await reasonFor('token=', { options: { ...options, tokenInQuery: true } })).toBe(
      'Authentication is needed.',
    );
    expect(await reasonFor('token=ann&device_id=a%20b', { options })).toMatch(/^The device id must be .* -$/);
  });
});
