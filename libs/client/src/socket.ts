/** The part of a WebSocket that the client needs: browsers, Node's own and `ws` all have it. */
export interface ClientSocket {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Bytes handed over and not yet sent. */
  readonly bufferedAmount: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Browsers allow 1000 and 3000–4999 only. */
  close(code?: number, reason?: string): void;
  /** Cuts without a handshake, where the implementation can. */
  terminate?(): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

/** Makes a socket that begins to connect. A throw means that this can never work, and stops the client. */
export type SocketFactory = (url: string, protocols: readonly string[]) => ClientSocket | Promise<ClientSocket>;

/** A WebSocket class. */
export type SocketConstructor = new (url: string, protocols: string[]) => ClientSocket;

/** `ClientSocket.readyState` of a socket that takes messages. */
export const socketOpen = 1;
