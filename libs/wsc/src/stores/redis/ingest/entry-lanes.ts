/** What is known of a destination while something waits for it. */
export interface Lane {
  /** How often in a row it had no room. */
  refusals: number;
}

interface RunningLane extends Lane {
  tail: Promise<void>;
  size: number;
}

/** Works on entries: those of one destination one after another, those of others at the same time. */
export class EntryLanes {
  readonly #lanes = new Map<string, RunningLane>();

  /** @param work never rejects. */
  add(destination: string, work: (lane: Lane) => Promise<void>): void {
    const lane = this.#lanes.get(destination) ?? { refusals: 0, tail: Promise.resolve(), size: 0 };
    this.#lanes.set(destination, lane);
    lane.size += 1;
    lane.tail = lane.tail.then(async () => {
      await work(lane);
      lane.size -= 1;
      if (lane.size === 0) this.#lanes.delete(destination);
    });
  }

  /** Settles once nothing is worked on. */
  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(({ tail }) => tail));
  }
}
