import type { Server } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Hub } from '../../core/index.js';
import { WsTransport } from '../../transports/ws/index.js';
import { WscConfigService } from '../config/wsc-config.service.js';
import type { WscModuleOptions } from '../config/wsc-options.js';
import { serveConnectionChecks, type ConnectionCheck } from '../http/check-routes.js';
import { httpAdapterOf } from '../nest-container.js';
import { NestLogger } from '../nest-logger.js';
import { wscOptionsToken } from '../tokens.js';

/** Where upgrades come in: the application's HTTP server, or a port of its own. */
@Injectable()
export class WscServer {
  readonly #logger = new NestLogger();
  readonly #adapterHost: HttpAdapterHost;
  readonly #config: WscConfigService;
  readonly #options: WscModuleOptions;
  readonly #transport: WsTransport;

  constructor(
    @Inject(Hub) hub: Hub,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
    @Inject(WscConfigService) config: WscConfigService,
    @Inject(wscOptionsToken) options: WscModuleOptions,
  ) {
    this.#adapterHost = adapterHost;
    this.#config = config;
    this.#options = options;
    const { compression, defaultProtocol } = config.current.transport;
    this.#transport = new WsTransport({
      hub,
      logger: this.#logger,
      maxPayload: () => hub.options.limits.maxMessageBytes,
      compression,
      defaultProtocol,
    });
  }

  /** Before the HTTP server has its last route, which answers 404. */
  serveChecks(paths: readonly string[]): void {
    const adapter = httpAdapterOf(this.#adapterHost);
    if (this.#config.current.port !== undefined || adapter === undefined || this.#httpServer() === undefined) return;
    const check: ConnectionCheck = (request, response) => this.#transport.checkRequest(request, response);
    serveConnectionChecks({ adapter, paths, check, logger: this.#logger });
  }

  /** Takes upgrades from now on. Answers in words where from. @throws {Error} where the own port can't be listened on. */
  async listen(): Promise<string> {
    const { port, host } = this.#config.current;
    if (port !== undefined) {
      return `port ${String(await this.#listenOwnPort(port, host))}`;
    }
    const server = this.#httpServer();
    if (server === undefined) return 'no port: there is no HTTP server, and WSC_PORT is not set';
    this.#transport.attach(server);
    return "the application's HTTP server";
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #listenOwnPort(port: number, host: string | undefined): Promise<number> {
    try {
      return (await this.#transport.listenOwnPort({ port, host, https: this.#options.https })).port;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `WebSockets can't listen on port ${String(port)} of ${host ?? 'this machine'} (WSC_PORT, WSC_HOST): ${why}`,
        { cause },
      );
    }
  }

  /** An application context and a microservice have no adapter, or one without a server. */
  #httpServer(): Server | undefined {
    const server: unknown = httpAdapterOf(this.#adapterHost)?.getHttpServer();
    return isServer(server) ? server : undefined;
  }
}

/** By shape: an application may bring its own kind of server. */
function isServer(value: unknown): value is Server {
  return typeof value === 'object' && value !== null && 'on' in value && 'listenerCount' in value;
}
