import { alignClock } from '../clock.js';
import { machineClock } from './bun-clock.js';
import { readOptions } from './server-options.js';
import { serve } from './serve.js';
import { handleText } from './text-protocol.js';

const { compression = false } = readOptions();

/** Bun's own server with its native publish. Runs under Bun. */
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, self) => (self.upgrade(request) ? undefined : new Response('Not found', { status: 404 })),
  websocket: {
    perMessageDeflate: compression,
    // Nothing is dropped, as with every other peer.
    backpressureLimit: 1024 * 1024 * 1024,
    message: (client, message) => {
      handleText(typeof message === 'string' ? message : new TextDecoder().decode(message), {
        join: (room) => client.subscribe(room),
        reply: (text) => client.send(text),
        schedule: (publishing) => setImmediate(publishing),
        sendToRoom: (room, text) => server.publish(room, text, compression),
      });
    },
  },
});
alignClock(machineClock());
serve(server.port);
