import type { IncomingMessage, Server } from 'node:http';
import type { Upgrade } from './ws-upgrader.js';

/**
 * Gives a request back to its HTTP server as if it had not asked to upgrade. As soon as anybody listens to `upgrade`, Node takes
 * every request with an `Upgrade` header out of HTTP, `h2c` offers included, which some HTTP clients (Java's) send with each first
 * request: without this, attaching a transport would break an application's own routes for them.
 */
export function handBack(server: Server, { request, socket, head }: Upgrade): void {
  socket.unshift(Buffer.concat([Buffer.from(requestHead(request), 'latin1'), head]));
  // Node's documented way to put a connection into an HTTP server.
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
}

/** The request as it came, without what asks to upgrade. */
function requestHead(request: IncomingMessage): string {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}`];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${request.rawHeaders[index + 1] ?? ''}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
