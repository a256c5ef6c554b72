import { WscError } from '@nest-wsc/protocol';
import { readKey } from './read-key.js';
import type { ClientSocket, SocketConstructor, SocketFactory } from './socket.js';

/** The platform's own WebSocket, else the optional package `ws` (Node before 22), which is loaded when first needed. */
export const createPlatformSocket: SocketFactory = async (url, protocols) => {
  const Constructor = typeof WebSocket === 'function' ? WebSocket : await loadWs();
  const socket: ClientSocket & { binaryType?: string } = new Constructor(url, [...protocols]);
  socket.binaryType = 'arraybuffer';
  return socket;
};

// Not a literal, and with both hints: bundlers for browsers would otherwise look for `ws` and fail where it isn't installed.
const wsPackage = 'ws';

async function loadWs(): Promise<SocketConstructor> {
  const loaded = await import(/* webpackIgnore: true */ /* @vite-ignore */ wsPackage).then(
    parseWs,
    (cause: unknown) => {
      throw new WscError('WSC_UNAVAILABLE', {
        message:
          'There is no WebSocket here. Run "npm install ws", use Node 22 or later, or pass the option "createSocket".',
        cause,
      });
    },
  );
  return loaded;
}

function parseWs(loaded: unknown): SocketConstructor {
  const found = readKey(loaded, 'WebSocket') ?? readKey(loaded, 'default');
  if (isConstructor(found)) return found;
  throw new WscError('WSC_UNAVAILABLE', { message: 'The installed package "ws" has no WebSocket class. Use ws 8.' });
}

function isConstructor(value: unknown): value is SocketConstructor {
  return typeof value === 'function';
}
