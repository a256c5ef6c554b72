import { TestHub } from '../../testing/test-hub.js';
import type { Connection } from './connection.js';

/** What JavaScript lets through, or a cast. */
function untyped(
  connection: Connection,
): Record<'send' | 'sendRaw' | 'close' | 'closeNow', (...args: unknown[]) => unknown> {
  return connection as never;
}

describe('a mistake of the program itself in a handler', () => {
  it.each<[string, (connection: Connection) => unknown, string]>([
    [
      'text that is JSON already',
      (connection) => connection.send(JSON.stringify({ event: 'hi', password: 'x' })),
      'a string of 29 characters that looks like JSON: call send(event, data), it writes the JSON itself.',
    ],
    ['an event that is no name', (connection) => connection.send('no spaces'), 'got a string of 9 characters.'],
    ['an event that is no text', (connection) => untyped(connection).send({ event: 'x' }), 'got an object.'],
    [
      'a priority that does not exist',
      (connection) => untyped(connection).send('x', 1, { priority: 'urgent' }),
      "to be 'normal' or 'high', got \"urgent\".",
    ],
    [
      'text as raw bytes',
      (connection) => untyped(connection).sendRaw('text'),
      'Expected bytes (Uint8Array), got a str',
    ],
    [
      'a bare close code',
      (connection) => untyped(connection).close(4003, 'text'),
      "to be a name such as 'kicked', or { code, reason } with a number and a text, got 4003.",
    ],
    [
      'a close code as text',
      (connection) => untyped(connection).close({ code: '4003', reason: 'x' }),
      'got an object.',
    ],
    [
      'a reason of another kind',
      (connection) => untyped(connection).close({ code: 4003, reason: 5 }),
      'got an object.',
    ],
    ['a close code without a reason', (connection) => untyped(connection).close({ code: 4003 }), 'got an object.'],
    [
      'a reason as a name',
      (connection) => untyped(connection).close('bye'),
      'no close code named "bye": pass a name such',
    ],
    ['nothing to close with', (connection) => untyped(connection).closeNow(null), 'got null.'],
  ])(
    'such as %s is logged with what to do, while the client learns only that it was no fault of its own',
    async (_, act, advice) => {
      await using test = await TestHub.start();
      const client = await test.connect();
      test.hub.routes.add({ event: 'go', handler: () => void act(client.connection) });
      expect(await client.request('go')).toMatchObject({ error: 'WSC_INTERNAL', message: 'Internal error.' });
      const [line] = test.logger.lines.filter(({ level }) => level === 'error');
      expect(line?.context?.['cause']).toBeInstanceOf(TypeError);
      expect(String(line?.context?.['cause'])).toContain(advice);
      expect(String(line?.context?.['cause'])).not.toContain('password');
      expect([client.connection.state, client.closedWith]).toEqual(['open', undefined]);
    },
  );
});

describe('a name that a handler has from its client', () => {
  it.each<[string, (test: TestHub, connection: Connection) => unknown]>([
    ['a room to join', (_, connection) => connection.join('no spaces')],
    ['a room to send to', ({ hub }) => hub.sendToRoom('no spaces', { event: 'x' })],
    ['a user', ({ hub }) => hub.sendToUser('no spaces', { event: 'x' })],
    ['the id of a message', (_, connection) => connection.send('x', 1, { id: '' })],
    ['the key of a message', ({ hub }) => hub.broadcast({ event: 'x', key: '' })],
  ])('is refused to the client where it can not be: %s', async (_, act) => {
    await using test = await TestHub.start();
    const client = await test.connect();
    test.hub.routes.add({ event: 'go', handler: () => act(test, client.connection) });
    expect(await client.request('go')).toMatchObject({ code: 400, error: 'WSC_INVALID_NAME' });
    expect(test.logger.messages('error')).toEqual([]);
  });
});
