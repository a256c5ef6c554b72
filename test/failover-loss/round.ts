import { unlessAborted } from '../support/unless-aborted.js';
import type { Failure } from './failures.js';
import { GatewayPair } from './gateway-pair.js';
import { People } from './people.js';
import type { Tally } from './tally.js';

/** Times of a round, in milliseconds. */
export interface RoundTimes {
  /** From the first send until some leave, from there until Redis fails, and from its end until the last send. */
  readonly phaseMs: number;
}

/** Lets Redis fail once in that way, and counts what that has cost. Everything it started is ended, also where `signal` aborts it. */
export async function playRound(failure: Failure, { phaseMs }: RoundTimes, signal: AbortSignal): Promise<Tally> {
  await using installation = await failure.start();
  await using gateways = await GatewayPair.start(installation);
  const people = new People();
  const play = async (): Promise<Tally> => {
    await people.gather(installation, gateways.urls);
    return people.live(installation, phaseMs);
  };
  try {
    return await unlessAborted(play(), signal);
  } finally {
    await people.close();
  }
}
