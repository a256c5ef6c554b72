import type { INestApplicationContext } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { HubService } from './hub.service.js';

/**
 * Tells Nest's own gateway module that gateways are taken care of: the explorer of this library binds their handlers, the hub keeps their
 * connections. What Nest still does by itself is to call `afterInit` and to set `@WebSocketServer()` properties, to the {@link HubService}.
 * `WscModule` installs it; `app.useWebSocketAdapter(new WscAdapter(app))` does the same in so many words.
 */
export class WscAdapter extends WsAdapter {
  readonly #context: Pick<INestApplicationContext | ModuleRef, 'get'>;

  constructor(context: Pick<INestApplicationContext | ModuleRef, 'get'>) {
    super();
    this.#context = context;
  }

  override create(): HubService {
    try {
      return this.#context.get(HubService, { strict: false });
    } catch (cause) {
      throw new Error('WscAdapter needs WscModule.forRoot() among the imports of the root module.', { cause });
    }
  }

  override bindClientConnect(): void {
    // The hub's own connect callbacks come in its place.
  }

  override bindClientDisconnect(): void {
    // The hub's own disconnect callbacks come in its place.
  }

  override bindMessageHandlers(): void {
    // Handlers are bound once per gateway, not per connection.
  }

  /** Connections are drained before any provider is destroyed, not here. */
  override close(): Promise<void> {
    return Promise.resolve();
  }
}
