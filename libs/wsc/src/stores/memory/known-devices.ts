import { unnamedDevice } from '../../core/ports/inbox.js';
import { deviceMemoryMs, maxDevices, unnamedDeviceMemoryMs } from '../shared/inbox-rules.js';

/** The devices of a user that messages wait for. All times are monotonic milliseconds. */
export class KnownDevices {
  /** When each was seen last, the longest unseen first. */
  readonly #seenAt = new Map<string, number>();

  get size(): number {
    return this.#seenAt.size;
  }

  /** Answers whether it was not known. */
  see(deviceId: string, now: number): boolean {
    const isNew = !this.#seenAt.delete(deviceId);
    this.#seenAt.set(deviceId, now);
    return isNew;
  }

  /** Forgets those that were not seen for too long, and those that are too many. Answers which. */
  forget(now: number): readonly string[] {
    const forgotten: string[] = [];
    let surplus = this.#seenAt.size - (this.#seenAt.has(unnamedDevice) ? 1 : 0) - maxDevices;
    for (const [deviceId, seenAt] of this.#seenAt) {
      const isNamed = deviceId !== unnamedDevice;
      const isOver = seenAt + (isNamed ? deviceMemoryMs : unnamedDeviceMemoryMs) <= now;
      if (!isOver && !(isNamed && surplus > 0)) continue;
      if (isNamed) surplus -= 1;
      this.#seenAt.delete(deviceId);
      forgotten.push(deviceId);
    }
    return forgotten;
  }

  /** Whether each of them is in `deviceIds`. */
  areAllIn(deviceIds: ReadonlySet<string>): boolean {
    for (const deviceId of this.#seenAt.keys()) if (!deviceIds.has(deviceId)) return false;
    return true;
  }
}
