import { connect } from 'node:net';
import { parseReply, RedisReplyError, type Reply } from './reply.js';

const patienceMs = 5_000;

/** Where a Redis listens on this machine. */
export interface RedisAddress {
  readonly port: number;
  readonly password?: string | undefined;
}

/** A command and its arguments. */
export type Command = readonly (string | number)[];

/** The connection was closed before the answer came, as with `CLIENT KILL`. */
export class NoAnswerError extends Error {
  constructor(port: number) {
    super(`Redis on port ${port} closed without an answer.`);
  }
}

function encode(command: Command): string {
  const words = command.map((word) => {
    const content = String(word);
    return `$${Buffer.byteLength(content)}\r\n${content}\r\n`;
  });
  return `*${words.length}\r\n${words.join('')}`;
}

/** All replies at the start of `bytes`; an error among them is thrown. */
function parseReplies(bytes: Buffer): readonly Reply[] {
  const replies: Reply[] = [];
  let parsed = parseReply(bytes, 0);
  while (parsed !== undefined) {
    if (parsed.reply instanceof RedisReplyError) throw parsed.reply;
    replies.push(parsed.reply);
    parsed = parseReply(bytes, parsed.end);
  }
  return replies;
}

async function exchange(port: number, commands: readonly Command[]): Promise<readonly Reply[]> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(patienceMs, () => socket.destroy(new Error(`Redis on port ${port} does not answer.`)));
  try {
    socket.write(commands.map(encode).join(''));
    let bytes = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      bytes = Buffer.concat([bytes, chunk]);
      const replies = parseReplies(bytes);
      if (replies.length === commands.length) return replies;
    }
    throw new NoAnswerError(port);
  } catch (error) {
    throw isReset(error) ? new NoAnswerError(port) : error;
  } finally {
    socket.destroy();
  }
}

/** By its code: in Jest, errors of Node's own are instances of another Error. */
const isReset = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ECONNRESET';

/**
 * Asks a Redis one thing, as `redis-cli` does, over a connection of its own: nothing is left of it, and nothing of the
 * library under test has a part in it.
 *
 * @throws {RedisReplyError} where Redis answers with an error
 * @throws {NoAnswerError} where it closes the connection instead
 */
export async function askRedis({ port, password }: RedisAddress, command: Command): Promise<Reply> {
  const commands = password === undefined ? [command] : [['AUTH', password], command];
  const replies = await exchange(port, commands);
  return replies.at(-1) ?? null;
}
