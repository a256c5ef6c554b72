import type { Acknowledgement, Evidence, Follower } from './evidence.js';
import { tally } from './tally.js';

const room = 'chat:1';
const inbox = 'inbox:ann';

function acknowledged(key: string, at: number, more: Partial<Acknowledgement> = {}): Acknowledgement {
  return { key, at, stream: room, gateway: 0, ...more };
}

function follower(received: readonly string[], more: Partial<Follower> = {}): Follower {
  return { name: 'bob', presence: 'there', streams: [room], notices: [], ...more, received: new Set(received) };
}

/** Redis fails at 100. */
function tallyOf(evidence: Partial<Evidence>) {
  const nothing = { acknowledgements: [], followers: [], inHistory: new Set<string>() };
  return tally({ ...nothing, refusedCount: 0, unknownCount: 0, faultAt: 100, endedAt: 0, ...evidence });
}

const told = { room, reason: 'epoch', at: 150 };

describe('the tally of a round', () => {
  it('finds nothing lost where everybody got everything that was acknowledged', () => {
    const followers = [follower(['1', '2']), follower(['1', '2', 'unacknowledged'], { presence: 'away' })];
    const { rooms, untoldCount } = tallyOf({
      acknowledgements: [acknowledged('1', 10), acknowledged('2', 20)],
      followers,
    });
    const whole = { acknowledgedCount: 2, missedCount: 0, lostCount: 0, lostForMs: 0 };
    expect({ rooms, untoldCount }).toEqual({ rooms: { there: whole, away: whole }, untoldCount: 0 });
  });

  it('counts a message once that several have missed, apart for who was connected and who was away', () => {
    const acknowledgements = ['1', '2', '3', '4'].map((key, index) => acknowledged(key, 10 * index));
    const followers = [follower(['1', '3']), follower(['1', '3', '4']), follower(['1'], { presence: 'away' })];
    const { rooms } = tallyOf({ acknowledgements, followers });
    expect(rooms).toMatchObject({ there: { lostCount: 2, lostForMs: 20 }, away: { lostCount: 3, lostForMs: 20 } });
  });

  it('does not count as lost what has not come to a member and stands in the history', () => {
    const acknowledgements = [acknowledged('1', 10), acknowledged('2', 20)];
    const { rooms } = tallyOf({ acknowledgements, followers: [follower([])], inHistory: new Set(['2']) });
    expect(rooms.there).toEqual({ acknowledgedCount: 2, missedCount: 2, lostCount: 1, lostForMs: 0 });
  });

  it('tells inboxes from rooms', () => {
    const acknowledgements = [acknowledged('1', 10), acknowledged('2', 20, { stream: inbox })];
    const result = tallyOf({ acknowledgements, followers: [follower(['1'], { streams: [room, inbox] })] });
    expect(result.rooms.there).toMatchObject({ acknowledgedCount: 1, lostCount: 0 });
    expect(result.inbox.there).toMatchObject({ acknowledgedCount: 1, lostCount: 1 });
  });

  it.each([
    ['nobody was told', [], 1],
    ['they were told', [told], 0],
    ['they were told before Redis failed', [{ ...told, at: 99 }], 1],
    ['they were told of another room', [{ ...told, room: 'chat:2' }], 1],
  ])('counts what a member of a room has missed as untold: %s', (_, notices, untoldCount) => {
    const followers = [follower([], { notices, streams: [room, inbox] })];
    expect(tallyOf({ acknowledgements: [acknowledged('1', 10)], followers })).toMatchObject({
      untoldCount,
      reasons: notices.some(({ at }) => at >= 100) ? ['epoch'] : [],
    });
  });

  it('takes the longest time between two acknowledgements of the gateway that was worse off', () => {
    const times = [0, 10, 20, 30, 40];
    const steady = times.map((at) => acknowledged(`steady ${String(at)}`, at));
    const failing = [0, 35, 40].map((at) => acknowledged(`failing ${String(at)}`, at, { gateway: 1 }));
    expect(tallyOf({ acknowledgements: [...steady, ...failing], endedAt: 41 }).outageMs).toBe(35);
  });

  it('takes an outage that has not ended when the last send began', () => {
    expect(tallyOf({ acknowledgements: [acknowledged('1', 10)], endedAt: 210 }).outageMs).toBe(200);
  });
});
