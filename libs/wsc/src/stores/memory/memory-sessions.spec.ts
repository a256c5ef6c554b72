import type { SessionState } from '../../core/ports/sessions.js';
import { SystemClock } from '../../system/system-clock.js';
import { describeSessions } from '../../testing/contracts/sessions.contract.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { MemorySessions, type MemorySessionsOptions } from './memory-sessions.js';

describeSessions('memory', () => [new MemorySessions({ clock: new SystemClock() })]);

const owner = { userId: 'ann', deviceId: 'phone' };
const state = (metadata: SessionState['metadata'] = {}): SessionState => ({
  owner,
  connectionId: 'c1',
  isClosed: false,
  rooms: [],
  metadata,
});

const places = (...sessionIds: readonly string[]) => sessionIds.map((sessionId) => ({ sessionId, userId: 'ann' }));

function open(options: Partial<MemorySessionsOptions> = {}) {
  const clock = new FakeClock();
  const sessions = new MemorySessions({ clock, ...options });
  /** Those of them that are kept; taken by that. */
  const kept = (ids: readonly string[]) => ids.filter((id) => sessions.take(id, owner) !== undefined);
  return { clock, sessions, kept };
}

describe('sessions in memory', () => {
  it('end to the millisecond, and later where they were extended', async () => {
    const { clock, sessions, kept } = open();
    for (const id of ['1', '2', '3']) sessions.save(id, state(), 1_000);
    await clock.advance(999);
    sessions.extend(places('2', '3'), 1_000);
    await clock.advance(1);
    expect(kept(['1', '2'])).toEqual(['2']);
    await clock.advance(999);
    sessions.extend(places('3'), 1_000);
    expect(kept(['3'])).toEqual([]);
  });

  it('are forgotten over their number, those first that were not saved or extended for longest', () => {
    const { sessions, kept } = open({ maxSessions: 3 });
    for (const id of ['1', '2', '3']) sessions.save(id, state(), 1_000);
    sessions.extend(places('1'), 1_000);
    sessions.save('2', state(), 1_000);
    sessions.save('4', state(), 1_000);
    expect(kept(['1', '2', '3', '4'])).toEqual(['1', '2', '4']);
  });

  it('are forgotten over their bytes, of which what is gone takes none', async () => {
    const { clock, sessions, kept } = open({ maxBytes: 20_000 });
    const large = state({ text: 'x'.repeat(4_000) });
    for (const id of ['1', '2', '3']) sessions.save(id, large, 1_000);
    expect(kept(['1', '2', '3'])).toEqual(['2', '3']);
    for (const id of ['4', '4', '4', '5']) sessions.save(id, large, 1_000);
    sessions.remove({ sessionId: '5', userId: 'ann' });
    sessions.save('6', large, 1_000);
    await clock.advance(1_000);
    for (const id of ['7', '8']) sessions.save(id, large, 1_000);
    expect(kept(['4', '6', '7', '8'])).toEqual(['7', '8']);
  });
});
