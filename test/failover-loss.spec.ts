import { findFailure } from './failover-loss/failures.js';
import { playRound } from './failover-loss/round.js';

// Two gateways start, on a machine that may be busy.
jest.setTimeout(180_000);

const play = (name: string) => playRound(findFailure(name), { phaseMs: 300 }, new AbortController().signal);

describe('a Redis that is killed', () => {
  it('has kept everything that was acknowledged where it writes each change to its disk first', async () => {
    const { inbox, rooms, untoldCount } = await play('always');
    const losses = [inbox.away, inbox.there, rooms.away, rooms.there];
    expect(losses.map(({ acknowledgedCount }) => acknowledgedCount > 0)).toEqual([true, true, true, true]);
    expect(losses.map(({ missedCount }) => missedCount)).toEqual([0, 0, 0, 0]);
    expect(untoldCount).toBe(0);
  });

  it('has kept nothing where it keeps nothing on disk, and members of rooms are told', async () => {
    const { inbox, rooms, untoldCount, reasons } = await play('memory');
    expect(inbox.away.lostCount).toBeGreaterThan(0);
    expect(rooms.away.lostCount).toBeGreaterThan(0);
    expect({ untoldCount, reasons }).toEqual({ untoldCount: 0, reasons: ['epoch'] });
  });
});
