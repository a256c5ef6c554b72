import * as fc from 'fast-check';
import { FakeClock } from '../../testing/fake-clock.js';
import { dyingMs, InboxModel, inboxCommands, modelMaxMessages } from '../shared/inbox-model.fixture.js';
import { MemoryBroker } from './memory-broker.js';
import { MemoryInbox } from './memory-inbox.js';

describe('the memory inbox', () => {
  it('is what a simple model of it is, whatever is done with it', async () => {
    await fc.assert(
      fc.asyncProperty(inboxCommands, async (commands) => {
        const [clock, broker, model] = [new FakeClock(), new MemoryBroker(), new InboxModel()];
        const heardIds: string[] = [];
        broker.start(({ message }) => {
          heardIds.push(message.id);
          return { queued: 1, dropped: 0 };
        });
        broker.subscribe({ kind: 'user', userId: 'ann' });
        const limits = { maxMessages: modelMaxMessages, timeToLiveMs: 604_800_000 };
        const inbox = new MemoryInbox({ clock, broker, limits });
        const real = { userId: 'ann', nodes: [inbox, inbox] as const, pass: () => clock.advance(dyingMs) };
        await fc.asyncModelRun(() => ({ model, real }), commands);
        expect(heardIds).toEqual(model.storedIds);
      }),
      { numRuns: 300 },
    );
  });
});
