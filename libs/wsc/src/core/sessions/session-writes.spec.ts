import { MemorySessions } from '../../stores/memory/memory-sessions.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { withResolver } from '../async/with-resolver.js';
import type { Sessions, SessionState } from '../ports/sessions.js';
import { SessionWrites, type OwnSession } from './session-writes.js';

const windowMs = 60_000;
const owner = { userId: 'ann', deviceId: 'phone' };
const state = (version: number): SessionState => ({
  owner,
  ...{ connectionId: 'c1', isClosed: false, rooms: [], metadata: { version } },
});

function open(change: (sessions: MemorySessions) => Partial<Sessions> = () => ({})) {
  const clock = new FakeClock();
  const sessions = new MemorySessions({ clock });
  const store: Sessions = {
    save: (...args) => sessions.save(...args),
    replace: (...args) => sessions.replace(...args),
    extend: (...args) => sessions.extend(...args),
    take: (...args) => sessions.take(...args),
    remove: (...args) => sessions.remove(...args),
    removeOf: (...args) => sessions.removeOf(...args),
    close: () => undefined,
    ...change(sessions),
  };
  const writes = new SessionWrites({ clock, logger: new MemoryLogger(), sessions: store, windowMs: () => windowMs });
  const session: OwnSession = { sessionId: 's', userId: 'ann', keptUntil: Infinity };
  return { clock, sessions, writes, session };
}

describe('writes of sessions', () => {
  it('do not make one again that may have been taken so long ago that nothing is left of it', async () => {
    const { clock, sessions, writes, session } = open();
    writes.save(session, () => state(1));
    await writes.settled();
    sessions.take('s', owner, { sessionId: 'next', timeToLiveMs: windowMs });
    await clock.advance(windowMs);
    writes.save(session, () => state(2));
    await writes.settled();
    expect(sessions.take('s', owner)).toBeUndefined();
  });

  it('make one again that was extended, and then lost by the store', async () => {
    const { clock, sessions, writes, session } = open();
    writes.save(session, () => state(1));
    await clock.advance(windowMs - 1);
    writes.extend([session], () => undefined);
    await writes.settled();
    sessions.close();
    await clock.advance(windowMs - 1);
    writes.save(session, () => state(2));
    await writes.settled();
    expect(sessions.take('s', owner)?.metadata).toEqual({ version: 2 });
  });

  it('follow each other for one session, and leave out what is old by then', async () => {
    const written: unknown[] = [];
    const first = withResolver<undefined>();
    const { writes, session } = open(() => ({
      save: async (_id, { metadata }) => {
        written.push(metadata['version']);
        await first.promise;
        return true;
      },
    }));
    for (const version of [1, 2, 3]) writes.save(session, () => state(version));
    expect(written).toEqual([1]);
    first.resolve(undefined);
    await writes.settled();
    expect(written).toEqual([1, 3]);
  });
});
