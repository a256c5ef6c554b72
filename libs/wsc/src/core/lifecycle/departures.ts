import type { Cluster, DepartedUser } from '../ports/cluster.js';
import type { UserStatus } from '../rooms/user-status.js';

/** What {@link handOverDepartures} needs. */
export interface DeparturesOptions {
  readonly cluster: Cluster;
  readonly userStatus: UserStatus;
  /** Who is back by then has not been away. */
  readonly withinMs: number;
}

/** In one message: a user may have been in many rooms. */
const usersAtOnce = 50;
/** One that takes them is enough. */
const maxNodes = 3;

/** Lets another node tell the rooms who has not come back after this one has closed. Where none answers, nobody hears of it. */
export async function handOverDepartures({ cluster, userStatus, withinMs }: DeparturesOptions): Promise<void> {
  const [, ...others] = cluster.nodes();
  let left = inGroups(userStatus.departed());
  for (const { instanceId } of others.slice(0, maxNodes)) {
    if (left.length === 0) return;
    const taken = await Promise.all(
      left.map(async (users) => {
        const { answers } = await cluster.ask([instanceId], { kind: 'departed', users, withinMs });
        return answers.some(({ value }) => value === true);
      }),
    );
    left = left.filter((_, index) => taken[index] !== true);
  }
}

function inGroups(users: readonly DepartedUser[]): readonly (readonly DepartedUser[])[] {
  const count = Math.ceil(users.length / usersAtOnce);
  return Array.from({ length: count }, (_, index) => users.slice(index * usersAtOnce, (index + 1) * usersAtOnce));
}
