import { WebSocket } from 'ws';
import type { ApiAnswer } from '../gateway-api.js';
import { signToken } from '../jwt.js';
import { until } from '../until.js';
import type { WscClient } from '../wsc-client.js';
import { ask, connectWith, type GatewayNode } from './gateway-node.js';

/** The room that all residents are in. */
export const lobby = 'doc:lobby';

/** The way back after a fault has no promised length: Sentinels that don't agree at once try again after ten seconds. */
const patience = { patienceMs: 60_000, everyMs: 10 } as const;

/** Of everything that is sent to residents. */
export const event = 'probe';
let wordCount = 0;

/** A message that nobody has sent before. */
export const newWord = (): string => `word-${String(++wordCount)}`;

/** Somebody who is connected to one node through all that happens to it, without a second connection. */
export class Resident<Node extends GatewayNode = GatewayNode> {
  readonly userId: string;
  readonly node: Node;
  readonly client: WscClient;

  private constructor(userId: string, node: Node, client: WscClient) {
    this.userId = userId;
    this.node = node;
    this.client = client;
  }

  /** Connects and joins the lobby. */
  static async settle<Node extends GatewayNode>(node: Node): Promise<Resident<Node>> {
    const userId = `resident-of-${node.nodeId}`;
    const client = await connectWith(node, await signToken(userId));
    expect(await client.request('join_room', { room: lobby })).toMatchObject({ type: 'response' });
    return new Resident(userId, node, client);
  }

  /** Whether its one connection is open still. */
  get isConnected(): boolean {
    return this.client.socket.readyState === WebSocket.OPEN;
  }

  has(word: string): boolean {
    return this.client.unheard.some((message) => isProbe(message) && message.data === word);
  }

  /** Hears it once, and waits for it where it has not come yet. */
  async hears(word: string): Promise<void> {
    await until(
      () => this.has(word),
      (hasHeard) => hasHeard,
    );
    await this.client.hear({ event, data: word });
    expect(this.has(word)).toBe(false);
  }
}

/** Has a node send to a user. */
export function sendToUser(node: GatewayNode, userId: string, word: string): Promise<ApiAnswer> {
  return ask(node, `/api/users/${userId}/messages`, { body: { event, data: word } });
}

/** Has a node send to the lobby. */
export function sendToLobby(node: GatewayNode, word: string): Promise<ApiAnswer> {
  return ask(node, `/api/rooms/${lobby}/messages`, { body: { event, data: word } });
}

/** Sends from each node to each resident of another one until all have heard. */
export async function untilSendsArrive(residents: readonly Resident[]): Promise<void> {
  const ways = residents.flatMap(({ node }) =>
    residents.filter((to) => to.node !== node).map((to) => ({ from: node, to })),
  );
  await Promise.all(ways.map(({ from, to }) => untilOneArrives(from, to)));
}

async function untilOneArrives(from: GatewayNode, to: Resident): Promise<void> {
  const words: string[] = [];
  const attempt = async (): Promise<boolean> => {
    const word = newWord();
    words.push(word);
    await sendToUser(from, to.userId, word);
    return words.some((sent) => to.has(sent));
  };
  await until(attempt, (hasArrived) => hasArrived, patience);
}

function isProbe(message: unknown): message is { readonly data: unknown } {
  return typeof message === 'object' && message !== null && 'event' in message && message.event === event;
}
