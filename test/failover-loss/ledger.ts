import { outcomeOf } from '../support/outcome.js';
import type { Acknowledgement } from './evidence.js';

/** What became of every send, by the one clock of this process. */
export class Ledger {
  readonly #acknowledgements: Acknowledgement[] = [];
  #keyCount = 0;
  #refusedCount = 0;
  #unknownCount = 0;

  get acknowledgements(): readonly Acknowledgement[] {
    return this.#acknowledgements;
  }

  get refusedCount(): number {
    return this.#refusedCount;
  }

  get unknownCount(): number {
    return this.#unknownCount;
  }

  /** A name for a message that no other has. */
  newKey(): string {
    this.#keyCount += 1;
    return `m${String(this.#keyCount)}`;
  }

  acknowledged(acknowledgement: Omit<Acknowledgement, 'at'>): void {
    this.#acknowledgements.push({ ...acknowledgement, at: performance.now() });
  }

  failed(thrown: unknown): void {
    if (outcomeOf(thrown).kind === 'unknown') this.#unknownCount += 1;
    else this.#refusedCount += 1;
  }
}
