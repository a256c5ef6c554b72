import uws from '@trufflesuite/uws-js-unofficial';
import { readOptions } from './server-options.js';
import { serve } from './serve.js';
import { handleText } from './text-protocol.js';

const { compression = false, publishInHandler = false } = readOptions();

/**
 * uWebSockets.js at its best: `publish` called outside the message handler, where it gathers what one turn publishes.
 * Called inside the handler, as most people write it, it writes each message at once.
 */
const app = uws.App();
app.ws('/ws', {
  compression: compression ? uws.SHARED_COMPRESSOR : uws.DISABLED,
  // Nothing is dropped, as with every other peer.
  maxBackpressure: 0,
  idleTimeout: 0,
  message: (client, message) => {
    handleText(Buffer.from(message).toString(), {
      join: (room) => client.subscribe(room),
      reply: (text) => client.send(text),
      schedule: (publishing) => {
        if (publishInHandler) publishing();
        else setImmediate(publishing);
      },
      sendToRoom: (room, text) => app.publish(room, text, false, compression),
    });
  },
});
app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('uWebSockets.js could not listen.');
  serve(uws.us_socket_local_port(socket));
});
