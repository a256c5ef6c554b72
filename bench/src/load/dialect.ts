import { signToken } from './token.js';

/** How a peer wants to be spoken to. The load generator parses no more of a message than it must. */
export interface Dialect {
  readonly path: string;
  /** Headers of the upgrade of client number `index`. */
  headers(index: number): readonly string[];
  /** Whether the peer has to say something after the 101 before a client may begin. */
  readonly hasWelcome: boolean;
  /** What the client says to the peer's first message; nothing more to say: undefined. */
  introduction?: string;
  request(event: string, data: unknown, id: number): string;
  /** The data of a reply. */
  parseReply(text: string): unknown;
  /** What is answered to a liveness message of the peer's own, where it has some. */
  answer?(text: string): string | undefined;
}

const plain: Dialect = {
  path: '/ws',
  headers: () => [],
  hasWelcome: false,
  request: (event, data) => JSON.stringify({ event, data }),
  parseReply: (text) => field(JSON.parse(text), 'data'),
};

/** Ids of one width, so that all requests of a kind have one length. */
const paddedId = (id: number): string => String(id).padStart(4, '0');

const wsc = (subprotocol: string): Dialect => ({
  path: '/ws',
  headers: (index) => [`Authorization: Bearer ${signToken(`user-${index}`)}`, `Sec-WebSocket-Protocol: ${subprotocol}`],
  hasWelcome: true,
  request: (event, data, id) => JSON.stringify({ type: 'request', event, request_id: paddedId(id), data }),
  parseReply: (text) => field(JSON.parse(text), 'data'),
});

const ginforge: Dialect = {
  ...wsc('ginforge.v1.json'),
  request: (event, data, id) => JSON.stringify({ type: event, id: paddedId(id), content: data }),
  parseReply: (text) => field(JSON.parse(text), 'content'),
};

const socketIo: Dialect = {
  path: '/socket.io/?EIO=4&transport=websocket',
  headers: () => [],
  hasWelcome: true,
  introduction: '40',
  // Packet types of Engine.IO and Socket.IO: 4 2 is a message with an event, 4 3 its acknowledgement.
  request: (event, data, id) => `42${String(1000 + id)}${JSON.stringify([event, data])}`,
  parseReply: (text) => {
    const list: readonly unknown[] = JSON.parse(text.replace(/^\d+/, ''));
    return list[0];
  },
  answer: (text) => (text === '2' ? '3' : undefined),
};

/** The dialects by name. */
export const dialects = {
  plain,
  'wsc.v1.json': wsc('wsc.v1.json'),
  'ginforge.v1.json': ginforge,
  'socket.io': socketIo,
} as const;

/** The name of a dialect. */
export type DialectName = keyof typeof dialects;

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
