import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { askRedis, NoAnswerError } from './ask-redis.js';

describe('asking a Redis', () => {
  it.each([
    ['ends', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ])('that %s the connection instead of an answer says so', async (_, close) => {
    const server = createServer((socket) => socket.once('data', () => close(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await expect(askRedis({ port }, ['PING'])).rejects.toThrow(NoAnswerError);
    } finally {
      server.close();
    }
  });
});
