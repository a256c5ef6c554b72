/** The devices of users that have taken a place, so that simultaneous handshakes can't get past a limit of devices together. */
export class DeviceSlots {
  /** User → device → how often it has taken its place. */
  readonly #devices = new Map<string, Map<string, number>>();

  /**
   * Takes a place for a device, unless the user has `max` others. A device that has one needs no other.
   * @param known devices that count besides those that have taken a place.
   * @returns what gives it back, to be called once; undefined where there is no place.
   */
  reserve(
    { userId, deviceId }: { readonly userId: string; readonly deviceId: string },
    max: number,
    known: Iterable<string>,
  ): (() => void) | undefined {
    const devices = this.#devices.get(userId) ?? new Map<string, number>();
    const all = new Set([...known, ...devices.keys()]);
    if (!all.has(deviceId) && all.size >= max) return undefined;
    this.#devices.set(userId, devices.set(deviceId, (devices.get(deviceId) ?? 0) + 1));
    return () => this.#giveBack(userId, deviceId);
  }

  #giveBack(userId: string, deviceId: string): void {
    const devices = this.#devices.get(userId);
    const count = (devices?.get(deviceId) ?? 0) - 1;
    if (count > 0) devices?.set(deviceId, count);
    else devices?.delete(deviceId);
    if (devices?.size === 0) this.#devices.delete(userId);
  }
}
