import { createServer } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { portOf, readOptions } from './server-options.js';
import { serve } from './serve.js';
import { handleText } from './text-protocol.js';

/** The `ws` package alone, by hand. */
const server = createServer();
const webSockets = new WebSocketServer({ server, path: '/ws', perMessageDeflate: readOptions().compression === true });
const rooms = new Map<string, Set<WebSocket>>();

webSockets.on('connection', (client) => {
  const joined = new Set<string>();
  client.on('message', (data) => {
    handleText(Buffer.isBuffer(data) ? data.toString() : '', {
      join: (room) => {
        joined.add(room);
        let members = rooms.get(room);
        if (members === undefined) rooms.set(room, (members = new Set()));
        members.add(client);
      },
      reply: (text) => client.send(text),
      schedule: (publishing) => publishing(),
      sendToRoom: (room, text) => {
        for (const member of rooms.get(room) ?? []) member.send(text);
      },
    });
  });
  client.on('close', () => {
    for (const room of joined) rooms.get(room)?.delete(client);
  });
});

server.listen(0, '127.0.0.1', () => serve(portOf(server)));
