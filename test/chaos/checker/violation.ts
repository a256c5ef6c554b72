import type { HistoryEvent } from '../history.js';

/**
 * What a history can do wrong. `lost`: acknowledged, and a client that followed did not get it · `false-recovery`: the same, though a
 * recovery said that it would · `duplicated`: one client got it twice · `disordered`: not in the stream's order · `disagreement`: two
 * messages at one place · `repeated-effect`: one publish at two places · `mixed-epochs`: another epoch without a word · `phantom`:
 * nobody sent it · `early`: received before it was sent · `failed-delivered`: its sender was told that it never would be · `ghost`:
 * received without a connection or a membership · `presence`: the gateways say something else than the truth · `kept`: still waits in
 * an inbox though every device has had it.
 */
export type Rule =
  | 'lost'
  | 'false-recovery'
  | 'duplicated'
  | 'disordered'
  | 'disagreement'
  | 'repeated-effect'
  | 'mixed-epochs'
  | 'phantom'
  | 'early'
  | 'failed-delivered'
  | 'ghost'
  | 'presence'
  | 'kept';

/** One promise that was broken, with what shows it. */
export interface Violation {
  readonly rule: Rule;
  /** Names the message and the client. */
  readonly text: string;
  readonly events: readonly HistoryEvent[];
}
