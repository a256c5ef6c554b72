import { once } from 'node:events';
import { WebSocket as WsWebSocket, WebSocketServer } from 'ws';
import { createPlatformSocket } from './web-socket-factory.js';

const platformSocket = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');

function setPlatformSocket(value: unknown): void {
  Object.defineProperty(globalThis, 'WebSocket', { value, configurable: true, writable: true });
}

describe('the platform socket', () => {
  afterEach(() => {
    jest.dontMock('ws');
    if (platformSocket === undefined) Reflect.deleteProperty(globalThis, 'WebSocket');
    else Object.defineProperty(globalThis, 'WebSocket', platformSocket);
  });

  it("is the host's own, where it has one", async () => {
    class HostSocket extends EventTarget {}
    setPlatformSocket(HostSocket);
    await expect(createPlatformSocket('ws://host/', ['wsc.v1.json'])).resolves.toBeInstanceOf(HostSocket);
  });

  it('is the package ws, where the host has none', async () => {
    setPlatformSocket(undefined);
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen.');
    const socket = await createPlatformSocket(`ws://127.0.0.1:${address.port}`, ['wsc.v1.json']);
    expect(socket).toBeInstanceOf(WsWebSocket);
    await new Promise<void>((resolve) => socket.addEventListener('open', resolve));
    socket.terminate?.();
    server.close();
    await once(server, 'close');
  });

  it('tells what to install, where there is neither', async () => {
    setPlatformSocket(undefined);
    jest.resetModules();
    jest.doMock('ws', () => {
      throw new Error("Cannot find module 'ws'");
    });
    await expect(createPlatformSocket('ws://host/', [])).rejects.toThrow('npm install ws');
  });
});
