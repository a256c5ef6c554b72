import type { HubService } from '@nest-wsc/wsc';
import { signToken } from '../jwt.js';
import { until } from '../until.js';
import { refusal } from '../wsc-client.js';
import { ask, connectWith, liveness, readiness, socketUrl, type GatewayNode, type LocalNode } from './gateway-node.js';
import { event, lobby, newWord, sendToLobby, sendToUser, untilSendsArrive, type Resident } from './residents.js';

/** Within it a call that needs Redis fails while there is none, and a revoked token is cut on every node (G13, G11). */
const promisedMs = 2_000;
/** Presence is right again within it (G10). */
const presencePatience = { patienceMs: 30_000, everyMs: 20 } as const;
const readyPatience = { patienceMs: 20_000, everyMs: 20 } as const;

let strangerCount = 0;

/** What a node owes to those who are on it while it does not reach Redis (G13). */
export async function expectAlone(resident: Resident<LocalNode>): Promise<void> {
  const { node, client } = resident;
  // Also before the node has noticed.
  await expectRefusedSend(node.hub, resident);
  await until(
    () => readiness(node),
    (status) => status === 503,
  );
  expect(await liveness(node)).toBe(200);
  await expectRefusedSend(node.hub, resident);
  const word = newWord();
  expect(await client.request('echo', word)).toMatchObject({ type: 'response', data: word });
  await expectNobodyComesIn(node);
  expect(resident.isConnected).toBe(true);
}

/** Whether a token was revoked can't be known, so nobody is let in, who would try another node. */
export async function expectNobodyComesIn(node: GatewayNode): Promise<void> {
  const headers = { Authorization: `Bearer ${await signToken('newcomer')}` };
  const refused = await withinPromise(() => refusal(socketUrl(node), { headers }));
  expect(refused).toMatchObject({ status: 503 });
}

/**
 * That all nodes are one again, and nobody has lost the connection: each reaches each without a further attempt, all know who is here, and
 * what one revokes the others cut.
 */
export async function expectWhole(residents: readonly Resident[]): Promise<void> {
  const nodes = [...new Set(residents.map(({ node }) => node))];
  for (const node of nodes) {
    await until(
      () => readiness(node),
      (status) => status === 200,
      readyPatience,
    );
  }
  expect(residents.filter(({ isConnected }) => !isConnected)).toEqual([]);
  await untilSendsArrive(residents);
  await expectReach(residents);
  for (const node of nodes) await untilPresenceIsRight(node, residents);
  for (const [index, node] of nodes.entries()) {
    const other = nodes[(index + 1) % nodes.length];
    if (other !== undefined) await expectCut(node, other);
  }
  for (const node of nodes) await untilPresenceIsRight(node, residents);
}

/** Until a node knows exactly who is online and in the lobby. */
export async function untilPresenceIsRight(node: GatewayNode, residents: readonly Resident[]): Promise<void> {
  const users = residents.map(({ userId }) => userId).sort();
  const expected = JSON.stringify({ online: users, count: users.length, members: users });
  await until(
    () => presenceSeenBy(node),
    (seen) => seen === expected,
    presencePatience,
  );
  for (const userId of users) {
    expect((await ask(node, `/api/online/${userId}`)).body).toEqual({ user_id: userId, online: true });
  }
}

async function presenceSeenBy(node: GatewayNode): Promise<string> {
  const [online, members] = await Promise.all([ask(node, '/api/online'), ask(node, `/api/rooms/${lobby}/members`)]);
  const { users, count } = online.body as { readonly users?: readonly string[]; readonly count?: number };
  const { members: list = [] } = members.body as { readonly members?: readonly { readonly user_id: string }[] };
  // A Redis Cluster has them by partition.
  return JSON.stringify({ online: users?.toSorted(), count, members: list.map((member) => member.user_id).sort() });
}

/** From each node to all, one attempt each: whoever says that it was sent has reached who is there. */
export async function expectReach(residents: readonly Resident[]): Promise<void> {
  for (const { node } of residents) {
    const roomWord = newWord();
    expect(await sendToLobby(node, roomWord)).toMatchObject({ status: 202 });
    for (const resident of residents) await resident.hears(roomWord);
    for (const resident of residents) {
      const word = newWord();
      expect(await sendToUser(node, resident.userId, word)).toMatchObject({ status: 202 });
      await resident.hears(word);
    }
  }
}

/** A token that is revoked on one node ends its connection on another, and lets nobody in there any more. */
async function expectCut(here: GatewayNode, there: GatewayNode): Promise<void> {
  const token = await signToken(`stranger-${String(++strangerCount)}`);
  const client = await connectWith(there, token);
  const { code } = await withinPromise(async () => {
    expect(await ask(here, '/auth/revoke', { body: { token } })).toMatchObject({ body: { revoked: true } });
    return client.closed;
  });
  expect(code).toBe(4501);
  const headers = { Authorization: `Bearer ${token}` };
  // A command that was lost with the fault may answer 503 once more.
  const refused = await until(
    () => refusal(socketUrl(there), { headers }),
    ({ status }) => status !== 503,
  );
  expect(refused).toMatchObject({ status: 401 });
}

/** A call that needs Redis ends in time: well, or with an error that says to try again, which is answered. */
export async function expectSettled(call: () => Promise<unknown>): Promise<unknown> {
  const error = await withinPromise(() =>
    call().then(
      () => undefined,
      (cause: unknown) => cause,
    ),
  );
  if (error === undefined) return undefined;
  expect(error).toMatchObject({
    error: expect.stringMatching(/^WSC_(UNAVAILABLE|TIMEOUT)$/) as string,
    temporary: true,
  });
  return error;
}

/** It is said to have failed, or that nobody knows, and those who are here have heard it. */
async function expectRefusedSend(hub: HubService, resident: Resident): Promise<void> {
  const word = newWord();
  expect(await expectSettled(() => hub.sendToRoom(lobby, { event, data: word }))).toBeDefined();
  await resident.hears(word);
}

async function withinPromise<T>(work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  expect(performance.now() - startedAt).toBeLessThan(promisedMs);
  return result;
}
