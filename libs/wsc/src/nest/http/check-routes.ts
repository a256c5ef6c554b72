import { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import type { Logger } from '../../core/index.js';

/** Answers an ordinary request on a WebSocket path; false leaves it to others. */
export type ConnectionCheck = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface ConnectionCheckRoutes {
  readonly adapter: HttpServer;
  readonly paths: readonly string[];
  readonly check: ConnectionCheck;
  readonly logger: Logger;
}

/**
 * Serves `GET {path}` without an upgrade, with which a browser client learns why its upgrade was refused (PROTOCOL.md §1).
 * An application's own route on that path stays. Not on `/`, which is somebody's start page.
 */
export function serveConnectionChecks({ adapter, paths, check, logger }: ConnectionCheckRoutes): void {
  // Express takes the trailing slash for the same path, Fastify does not.
  for (const path of paths.filter((path) => path !== '/').flatMap((path) => [path, `${path}/`])) {
    for (const method of ['get', 'options'] as const) {
      try {
        adapter[method](path, (request: unknown, response: unknown, next?: unknown) => {
          if (!answer(check, request, response)) passOn(response, next);
        });
      } catch (cause) {
        // Fastify refuses a second route on a path, Express serves the first one: the application's.
        logger.debug('The path has a route of its own, so that connection checks are not answered there.', {
          path,
          cause,
        });
      }
    }
  }
}

function answer(check: ConnectionCheck, request: unknown, response: unknown): boolean {
  const [rawRequest, rawResponse] = [rawOf(request), rawOf(response)];
  if (!(rawRequest instanceof IncomingMessage) || !isResponse(rawResponse) || !check(rawRequest, rawResponse))
    return false;
  hijack(response);
  return true;
}

/** To Express's next handler; Fastify knows none. */
function passOn(response: unknown, next: unknown): void {
  const rawResponse = rawOf(response);
  if (typeof next === 'function') Reflect.apply(next, undefined, []);
  else if (isResponse(rawResponse)) rawResponse.writeHead(404).end();
}

/** Fastify wraps Node's objects, Express extends them. */
function rawOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'raw' in value ? value.raw : value;
}

function isResponse(value: unknown): value is ServerResponse {
  return value instanceof ServerResponse;
}

/** Tells Fastify that the answer is written past it. */
function hijack(response: unknown): void {
  if (typeof response !== 'object' || response === null) return;
  if ('hijack' in response && typeof response.hijack === 'function') Reflect.apply(response.hijack, response, []);
}
