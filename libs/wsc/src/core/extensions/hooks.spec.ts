import type { OutboundMessage } from '../messages/message.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { Hooks } from './hooks.js';

const reason = { code: 1000, reason: 'bye', initiatedBy: 'client' } as const;
const message: OutboundMessage = { id: 'm', event: 'e', data: 1, priority: 'normal', timestamp: 0 };
const result = { id: 'm', queued: 1, dropped: 0 };
const tick = () => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const logger = new MemoryLogger();
  const hooks = new Hooks<string, string>({ logger });
  const calls: string[] = [];
  const call = (name: string) => (subject: unknown) => void calls.push(`${name} ${String(subject)}`);
  const callLater = (name: string) => async (subject: unknown) => {
    await tick();
    calls.push(`${name} ${String(subject)}`);
  };
  const fail = (error: unknown) => () => {
    throw error;
  };
  return { logger, hooks, calls, call, callLater, fail };
}

describe('connect callbacks', () => {
  it('run in order, synchronously if all of them are', () => {
    const { hooks, calls, call } = setUp();
    hooks.onConnect(call('one'));
    hooks.onConnect(call('two'));
    expect(hooks.connect('c')).toBeUndefined();
    expect(calls).toEqual(['one c', 'two c']);
  });

  it('wait for each other', async () => {
    const { hooks, calls, call, callLater } = setUp();
    hooks.onConnect(callLater('one'));
    hooks.onConnect(call('two'));
    hooks.onConnect(callLater('three'));
    await hooks.connect('c');
    expect(calls).toEqual(['one c', 'two c', 'three c']);
  });

  it('refuse by an error, which stops the rest', async () => {
    const { hooks, calls, call, callLater, fail } = setUp();
    const error = new Error('no');
    hooks.onConnect(callLater('one'));
    hooks.onConnect(fail(error));
    hooks.onConnect(call('three'));
    await expect(hooks.connect('c')).rejects.toBe(error);
    expect(calls).toEqual(['one c']);
  });

  it.each([
    ['false', () => false],
    ['a promise of false', () => Promise.resolve(false)],
  ])('refuse by answering %s', async (_what, callback) => {
    const { hooks } = setUp();
    hooks.onConnect(callback);
    await expect((async () => hooks.connect('c'))()).rejects.toMatchObject({ error: 'WSC_FORBIDDEN' });
  });

  it('may be removed, also while they run', async () => {
    const { hooks, calls, call } = setUp();
    const again = call('again');
    hooks.onConnect(() => removeLast());
    hooks.onConnect(again);
    const removeLast = hooks.onConnect(again);
    await hooks.connect('c');
    await hooks.connect('d');
    expect(calls).toEqual(['again c', 'again c', 'again d']);
  });
});

describe('disconnect callbacks', () => {
  it('stop at the first error, which the error callbacks and the log hear', async () => {
    const { hooks, logger, calls, call, callLater } = setUp();
    const heard: unknown[] = [];
    hooks.onDisconnect(callLater('one'));
    hooks.onDisconnect(() => Promise.reject(new Error('lost')));
    hooks.onDisconnect(call('three'));
    hooks.onError((error, connection) => heard.push([error, connection]));
    await hooks.disconnect('c', reason);
    expect(calls).toEqual(['one c']);
    expect(heard).toEqual([[new Error('lost'), 'c']]);
    expect(logger.messages('error')).toEqual(['A disconnect callback failed.']);
  });

  it('never throw', () => {
    const { hooks, fail } = setUp();
    hooks.onDisconnect(fail('text'));
    expect(hooks.disconnect('c', reason)).toBeUndefined();
  });
});

describe('message callbacks', () => {
  it('refuse the message by an error', () => {
    const { hooks, calls, call, fail } = setUp();
    expect(hooks.hasMessageHooks).toBe(false);
    hooks.onMessage(call('one'));
    const remove = hooks.onMessage(fail(new Error('no')));
    hooks.onMessage(call('three'));
    expect(hooks.hasMessageHooks).toBe(true);
    expect(() => hooks.message('m')).toThrow('no');
    expect(calls).toEqual(['one m']);
    remove();
    expect(hooks.message('m')).toBeUndefined();
    expect(calls).toEqual(['one m', 'one m', 'three m']);
  });

  it('may answer false, which means nothing here', () => {
    const { hooks } = setUp();
    hooks.onMessage(() => false);
    expect(hooks.message('m')).toBeUndefined();
  });
});

describe('message-sent callbacks', () => {
  it('hear the message and how many got it', () => {
    const { hooks } = setUp();
    const heard: unknown[] = [];
    expect(hooks.hasMessageSentHooks).toBe(false);
    hooks.onMessageSent((...sent) => heard.push(sent));
    expect(hooks.hasMessageSentHooks).toBe(true);
    hooks.messageSent(message, result);
    expect(heard).toEqual([[message, result]]);
  });

  it('never throw; errors go to the error callbacks', async () => {
    const { hooks, fail } = setUp();
    const heard: unknown[] = [];
    hooks.onError((error) => heard.push(error));
    const remove = hooks.onMessageSent(fail('now'));
    hooks.messageSent(message, result);
    remove();
    hooks.onMessageSent(() => Promise.reject(new Error('later')));
    hooks.messageSent(message, result);
    await tick();
    expect(heard).toEqual(['now', new Error('later')]);
  });
});

describe('error callbacks', () => {
  it.each([
    ['rejects', () => Promise.resolve().then(() => Promise.reject(new Error('worse')))],
    [
      'throws',
      () => {
        throw new Error('worse');
      },
    ],
  ])('are logged when one %s, and never throw', async (_what, callback) => {
    const { hooks, logger } = setUp();
    hooks.onError(callback);
    hooks.error(new Error('bad'), 'c');
    await tick();
    expect(logger.lines).toEqual([
      { level: 'error', message: 'An error callback failed.', context: { cause: new Error('worse') } },
    ]);
  });
});
