import { addressGroup } from './address-group.js';

/** A place that was taken. */
export interface Slot {
  readonly ok: true;
  /** Gives it back; only the first call counts. */
  release(): void;
}

/** Why there was no place: the whole node is full, or this address has its share. */
export interface NoAddressSlot {
  readonly ok: false;
  readonly exceeded: 'node' | 'address';
}

/** 0 turns a limit off. */
export interface AddressSlotLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
}

/**
 * Counts the handshakes and connections of this node and of each address; those of a user are presence's to count, on all nodes. A
 * place is taken before anything is awaited, so that simultaneous handshakes can't get past a limit
 * together. Holds no entry for who has none.
 */
export class ConnectionSlots {
  readonly #addresses = new Map<string, number>();
  #total = 0;

  /** How many places of this node are taken. */
  get total(): number {
    return this.#total;
  }

  /** Takes a place of the node and of the address (IPv6: of its /64). */
  reserveAddress(address: string, limits: AddressSlotLimits): Slot | NoAddressSlot {
    const group = addressGroup(address);
    if (isReached(limits.maxConnections, this.#total)) return { ok: false, exceeded: 'node' };
    if (isReached(limits.maxConnectionsPerIp, this.#addresses.get(group) ?? 0))
      return { ok: false, exceeded: 'address' };
    this.#enter(group);
    return slot(() => this.#leave(group));
  }

  /** A handshake has become a connection, which counts by its address from here on; whatever the limits, it was let in. */
  opened(address: string): void {
    this.#enter(addressGroup(address));
  }

  /** Such a connection has ended. */
  closed(address: string): void {
    this.#leave(addressGroup(address));
  }

  #enter(group: string): void {
    increment(this.#addresses, group);
    this.#total += 1;
  }

  #leave(group: string): void {
    decrement(this.#addresses, group);
    this.#total -= 1;
  }
}

function isReached(max: number, count: number): boolean {
  return max > 0 && count >= max;
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function decrement(counts: Map<string, number>, key: string): void {
  const count = (counts.get(key) ?? 0) - 1;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

function slot(giveBack: () => void): Slot {
  let isReleased = false;
  return {
    ok: true,
    release: () => {
      if (isReleased) return;
      isReleased = true;
      giveBack();
    },
  };
}
