/** A request that this node runs, or has to give back. */
export interface HeldClaim {
  readonly owner: string;
  readonly field: string;
  /** Names this claim among all that there ever were of the request. */
  readonly holder: string;
  readonly fingerprint: string;
  readonly windowMs: number;
  /** Monotonic milliseconds; of one that is to be given back, since when. */
  since: number;
  renewedAt: number;
  /** It has had no effect, or Redis may not have heard of it; Redis is told until it has. */
  isReleased: boolean;
}

/** What has to be done about the claims of a node. */
export interface ClaimsDue {
  readonly released: readonly HeldClaim[];
  /** Of one owner each. */
  readonly renewed: readonly (readonly HeldClaim[])[];
}

/** How long claims last; milliseconds. */
export interface ClaimTimes {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly maxRunMs: number;
}

/** The claims of this node, by field. */
export class HeldClaims {
  readonly #times: ClaimTimes;
  readonly #claims = new Map<string, HeldClaim>();

  constructor(times: ClaimTimes) {
    this.#times = times;
  }

  get size(): number {
    return this.#claims.size;
  }

  get(field: string): HeldClaim | undefined {
    return this.#claims.get(field);
  }

  set(claim: HeldClaim): void {
    this.#claims.set(claim.field, claim);
  }

  /** Nothing where another claim of the request has taken its place. */
  delete(claim: HeldClaim): void {
    if (this.#claims.get(claim.field) === claim) this.#claims.delete(claim.field);
  }

  /** Takes all. */
  clear(): readonly HeldClaim[] {
    const claims = [...this.#claims.values()];
    this.#claims.clear();
    return claims;
  }

  /** Forgets those whose time is up, and gives those of which Redis has to hear. */
  due(now: number): ClaimsDue {
    const { leaseMs, renewMs, maxRunMs } = this.#times;
    const released: HeldClaim[] = [];
    const owners = new Map<string, HeldClaim[]>();
    for (const claim of this.#claims.values()) {
      if (now - claim.since >= (claim.isReleased ? leaseMs : maxRunMs)) this.#claims.delete(claim.field);
      else if (claim.isReleased) released.push(claim);
      // What was claimed a moment ago is mostly over before it has to be renewed.
      else if (now - claim.renewedAt >= renewMs / 2) {
        const ofOwner = owners.get(claim.owner);
        if (ofOwner === undefined) owners.set(claim.owner, [claim]);
        else ofOwner.push(claim);
      }
    }
    return { released, renewed: [...owners.values()] };
  }
}
