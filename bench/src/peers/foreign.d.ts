/**
 * What the benchmark uses of packages that are installed for it alone (bench/package.json), so that it compiles without them.
 */
declare module '@trufflesuite/uws-js-unofficial' {
  interface WebSocket {
    send(text: string, isBinary?: boolean, compress?: boolean): number;
    subscribe(topic: string): boolean;
  }
  interface Behavior {
    readonly compression?: number;
    readonly maxBackpressure?: number;
    readonly idleTimeout?: number;
    message(client: WebSocket, message: ArrayBuffer): void;
  }
  interface TemplatedApp {
    ws(pattern: string, behavior: Behavior): TemplatedApp;
    publish(topic: string, text: string, isBinary?: boolean, compress?: boolean): boolean;
    listen(host: string, port: number, callback: (socket: object | false) => void): TemplatedApp;
  }
  const uws: {
    App(): TemplatedApp;
    us_socket_local_port(socket: object): number;
    readonly SHARED_COMPRESSOR: number;
    readonly DISABLED: number;
  };
  export default uws;
}

declare module '@nestjs/platform-socket.io' {
  import type { INestApplicationContext, WebSocketAdapter } from '@nestjs/common';

  interface Socket {
    join(room: string): void;
  }
  interface SocketIoServer {
    to(room: string): { emit(event: string, data: unknown): boolean };
  }
  const IoAdapter: new (app: INestApplicationContext) => WebSocketAdapter;
  export { IoAdapter, type Socket, type SocketIoServer };
}

declare module '@socket.io/redis-adapter' {
  import type { Redis } from 'ioredis';

  function createAdapter(publisher: Redis, subscriber: Redis): object;
  export { createAdapter };
}

declare module '@socket.io/redis-streams-adapter' {
  import type { Redis } from 'ioredis';

  function createAdapter(client: Redis, options: { readonly maxLen?: number }): object;
  export { createAdapter };
}

declare module 'bun:ffi' {
  interface ClockSymbols {
    clock_gettime(clock: number, time: BigInt64Array): number;
  }
  function dlopen(library: string, declared: object): { readonly symbols: ClockSymbols };
  export { dlopen };
}

declare namespace Bun {
  interface ServerWebSocket {
    send(text: string, compress?: boolean): number;
    subscribe(topic: string): void;
  }
  interface Server {
    readonly port: number;
    upgrade(request: Request): boolean;
    publish(topic: string, text: string, compress?: boolean): number;
  }
  function serve(options: {
    readonly port: number;
    readonly hostname: string;
    fetch(request: Request, server: Server): Response | undefined;
    readonly websocket: {
      readonly perMessageDeflate: boolean;
      readonly backpressureLimit?: number;
      message(client: ServerWebSocket, message: string | Uint8Array): void;
    };
  }): Server;
}
