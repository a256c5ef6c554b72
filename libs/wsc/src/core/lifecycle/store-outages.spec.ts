import { WscError } from '@nest-wsc/protocol';
import { MemoryPresence } from '../../stores/memory/memory-presence.js';
import { TestHub } from '../../testing/test-hub.js';

describe('a connection that comes and goes', () => {
  it.each([
    ['no error while a store is away, which tells of that itself', new WscError('WSC_UNAVAILABLE'), 0],
    ['an error each time that a store is wrong', new Error('boom'), 2],
  ])('logs %s', async (...[, error, count]) => {
    const presence = new MemoryPresence();
    await using test = await TestHub.start({ dependencies: { presence } });
    presence.added = presence.removed = () => {
      throw error;
    };
    const ann = await test.connect({ userId: 'ann' });
    await ann.disconnect();
    expect(test.logger.messages('error')).toHaveLength(count);
    expect(test.logger.messages('debug')).toHaveLength(2 - count);
  });
});
