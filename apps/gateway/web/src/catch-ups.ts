import type { LossReason } from '@nest-wsc/client';
import type { AppState, CatchUp } from './state.js';

function withCatchUp(state: AppState, room: string, change: (before: CatchUp) => CatchUp): AppState {
  const before = state.catchUps.find((catchUp) => catchUp.room === room) ?? { room, count: 0 };
  const others = state.catchUps.filter((catchUp) => catchUp.room !== room);
  return { ...state, catchUps: [...others, change(before)] };
}

/** So many messages of others came late. Adds up until somebody has put it away. */
export const withCaughtUp = (state: AppState, room: string, count: number): AppState =>
  withCatchUp(state, room, (before) => ({ ...before, count: before.count + count }));

/** Messages of the room will not come. */
export const withLoss = (state: AppState, room: string, lossReason: LossReason): AppState =>
  withCatchUp(state, room, (before) => ({ ...before, lossReason }));

/** It is known now. */
export const withoutCatchUps = (state: AppState): AppState => ({ ...state, catchUps: [] });
