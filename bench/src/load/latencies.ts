/** What is told of a set of latencies, in microseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Latencies in microseconds, all of them: percentiles of buckets would hide what is compared here. */
export class Latencies {
  #values = new Float64Array(1 << 14);
  #count = 0;

  add(microseconds: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = microseconds;
    this.#count += 1;
  }

  clear(): void {
    this.#count = 0;
  }

  summary(): LatencySummary {
    const sorted = this.#values.slice(0, this.#count).sort();
    const at = (share: number): number => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? NaN;
    return { count: this.#count, p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}
