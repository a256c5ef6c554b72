import { createHash } from 'node:crypto';
import { WscError } from '@nest-wsc/protocol';
import { encodeName } from '@nest-wsc/protocol/cluster';
import { isEffectUnknown, redisError, withoutCommand } from '@nest-wsc/redis';
import type { Clock, Timer } from '../../../core/ports/clock.js';
import type { Claim, ClaimedRequest, ClaimLimits, RequestClaims } from '../../../core/ports/request-claims.js';
import type { Instances } from '../cluster/instances.js';
import { KeptWrites } from '../kept-writes.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript, type Script } from '../scripts/script.js';
import { HeldClaims, type ClaimTimes, type HeldClaim } from './held-claims.js';
import { claimScript } from './scripts/claim.lua.js';
import { finishScript, releaseScript, renewScript } from './scripts/settle.lua.js';

/** Times of {@link RedisRequestClaims}. */
export interface RedisRequestClaimsOptions {
  /** How long a request counts as running after its node was heard last. @default 60_000 */
  readonly leaseMs?: number;
  /** A request that has run for longer is lost, and its node does not hear of its end any more. @default 600_000 */
  readonly maxRunMs?: number;
}

/** What {@link RedisRequestClaims} work with. */
export interface RedisRequestClaimsDependencies {
  readonly connections: RedisConnections;
  readonly instances: Instances;
  readonly clock: Clock;
}

/** How many owners' claims are renewed at the same time. */
const maxAtOnce = 100;

/**
 * Which node runs which request, in Redis: one script a call, on the keys of one owner. Does not promise: anything after Redis has lost
 * its data; then a request that has run may run again.
 */
export class RedisRequestClaims implements RequestClaims {
  readonly #connections: RedisConnections;
  readonly #instances: Instances;
  readonly #clock: Clock;
  readonly #times: ClaimTimes;
  readonly #held: HeldClaims;
  readonly #writes = new KeptWrites();
  #claimCount = 0;
  #upkeep: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RedisRequestClaimsOptions, { connections, instances, clock }: RedisRequestClaimsDependencies) {
    this.#connections = connections;
    this.#instances = instances;
    this.#clock = clock;
    const { leaseMs = 60_000, maxRunMs = 600_000 } = options;
    // Three times within a lease: one may fail, and another.
    this.#times = { leaseMs, renewMs: leaseMs / 3, maxRunMs };
    this.#held = new HeldClaims(this.#times);
  }

  async claim(request: ClaimedRequest, limits: ClaimLimits): Promise<Claim> {
    const claim = this.#newClaim(request, limits);
    const former = this.#held.get(claim.field);
    try {
      const status = parseClaim(await this.#claim(claim, { former, limits }));
      if (status.status === 'claimed') this.#hold(claim);
      else if (former?.isReleased === true) this.#held.delete(former);
      return status;
    } catch (error) {
      if (!isEffectUnknown(error)) throw redisError(error);
      // Redis may have it; until it is given back, nobody could run the request.
      if (former === undefined || former.isReleased) this.#giveBack(claim).catch(() => undefined);
      throw new WscError('WSC_TIMEOUT', { cause: withoutCommand(error) });
    }
  }

  async finish(request: ClaimedRequest, answer: string | undefined, limits: ClaimLimits): Promise<void> {
    const claim = this.#held.get(fieldOf(request));
    if (claim === undefined || claim.isReleased) return;
    this.#held.delete(claim);
    await this.#finish(claim, answer, limits.maxBytes);
  }

  async release(request: ClaimedRequest): Promise<void> {
    const field = fieldOf(request);
    const claim = this.#held.get(field);
    if (claim !== undefined) return this.#giveBack(claim);
    await this.#run(releaseScript, request.owner, [field, '']).catch(fail);
  }

  /** Nobody hears any more what becomes of the requests that still run: for the others they are lost, at once. */
  async close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#upkeep?.cancel();
    await Promise.allSettled(
      this.#held
        .clear()
        .map((claim) => (claim.isReleased ? this.#release(claim) : this.#finish(claim, undefined, Infinity))),
    );
  }

  #newClaim({ owner, key, fingerprint }: ClaimedRequest, { windowMs }: ClaimLimits): HeldClaim {
    this.#claimCount += 1;
    const holder = `${holderPrefix(this.#instances.self.instanceId)}${String(this.#claimCount)}`;
    const now = this.#clock.monotonic();
    const field = fieldOf({ owner, key });
    return { owner, field, holder, fingerprint, windowMs, since: now, renewedAt: now, isReleased: false };
  }

  async #claim(
    { owner, field, fingerprint, holder, windowMs }: HeldClaim,
    { former, limits }: { readonly former: HeldClaim | undefined; readonly limits: ClaimLimits },
  ): Promise<unknown> {
    const formerHolder = former?.isReleased === true ? former.holder : '';
    const dead = this.#instances.dead().map(holderPrefix);
    const times = [this.#times.leaseMs, Math.ceil(windowMs)];
    const args = [field, encodeName(fingerprint), holder, formerHolder, ...times, limits.maxEntries, ...dead];
    return this.#run(claimScript, owner, args);
  }

  async #finish({ owner, ...claim }: HeldClaim, answer: string | undefined, maxBytes: number): Promise<void> {
    const isKept = answer !== undefined && Buffer.byteLength(answer) <= maxBytes;
    const [state, text] = isKept ? ['answered', answer] : ['lost', ''];
    const limits = [Math.ceil(claim.windowMs), Math.min(maxBytes, Number.MAX_SAFE_INTEGER)];
    const args = [claim.field, encodeName(claim.fingerprint), claim.holder, state, text, ...limits];
    await this.#writes.run(text, () => this.#run(finishScript, owner, args));
  }

  /** Until Redis has heard it. */
  async #giveBack(claim: HeldClaim): Promise<void> {
    claim.isReleased = true;
    claim.since = this.#clock.monotonic();
    this.#hold(claim);
    await this.#release(claim);
  }

  async #release(claim: HeldClaim): Promise<void> {
    await this.#run(releaseScript, claim.owner, [claim.field, claim.holder]).catch(fail);
    this.#held.delete(claim);
  }

  #hold(claim: HeldClaim): void {
    if (this.#closing !== undefined) return;
    this.#held.set(claim);
    this.#upkeep ??= this.#clock.after(this.#times.renewMs, () => void this.#keepUp());
  }

  /** Most requests have ended before it comes to this. */
  async #keepUp(): Promise<void> {
    const { released, renewed } = this.#held.due(this.#clock.monotonic());
    await Promise.allSettled(released.map((claim) => this.#release(claim)));
    for (let index = 0; index < renewed.length; index += maxAtOnce) {
      await Promise.allSettled(renewed.slice(index, index + maxAtOnce).map((claims) => this.#renew(claims)));
    }
    this.#upkeep = undefined;
    if (this.#closing !== undefined || this.#held.size === 0) return;
    this.#upkeep = this.#clock.after(this.#times.renewMs, () => void this.#keepUp());
  }

  async #renew(claims: readonly HeldClaim[]): Promise<void> {
    const [first] = claims;
    if (first === undefined) return;
    const windowMs = Math.ceil(Math.max(...claims.map((claim) => claim.windowMs)));
    const held = claims.flatMap(({ field, holder }) => [field, holder]);
    const now = this.#clock.monotonic();
    await this.#run(renewScript, first.owner, [this.#times.leaseMs, windowMs, ...held]);
    for (const claim of claims) claim.renewedAt = now;
  }

  async #run(script: Script, owner: string, args: readonly (string | number)[]): Promise<unknown> {
    const { commands, names } = this.#connections;
    return runScript(commands, script, { keys: names.requestKeys(owner), args });
  }
}

function fail(error: unknown): never {
  throw redisError(error);
}

/** What the claims of an instance are named with, and of no other. */
function holderPrefix(instanceId: string): string {
  return `${encodeName(instanceId)}/`;
}

/** Of any length and any text. */
function fieldOf({ owner, key }: Pick<ClaimedRequest, 'owner' | 'key'>): string {
  return createHash('sha256')
    .update(JSON.stringify([owner, key]))
    .digest('base64url');
}

function parseClaim(answer: unknown): Claim {
  const parts: readonly unknown[] = Array.isArray(answer) ? answer : [];
  const [status, text] = parts;
  switch (status) {
    case 'claimed':
    case 'running':
    case 'conflict':
    case 'lost':
    case 'full':
      return { status };
    case 'answered':
      return { status, answer: String(text) };
    default:
      throw new WscError('WSC_UNAVAILABLE', {
        message: 'Redis has answered something that is not of this library.',
      });
  }
}
