import { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpServer } from '@nestjs/common';
import type { Logger } from '../../core/index.js';

/** Answers an ordinary request on a WebSocket path; false leaves it to others. */
export type ConnectionCheck = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Serves `GET {path}` without an upgrade, with which a browser client learns why its upgrade was refused (PROTOCOL.md §1).
 * An application's own route on that path stays. Not on `/`, which is somebody's start page.
 */
export function serveConnectionChecks(
  adapter: HttpServer,
  paths: readonly string[],
  check: ConnectionCheck,
  logger: Logger,
): void {
  for (const path of paths.filter((path) => path !== '/')) {
    for (const method of ['get', 'options'] as const) {
      try {
        adapter[method](path, (request: unknown, response: unknown, next?: unknown) => {
          answer(check, request, response, next);
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

function answer(check: ConnectionCheck, request: unknown, response: unknown, next: unknown): void {
  const rawRequest = rawOf(request);
  const rawResponse = rawOf(response);
  if (!(rawRequest instanceof IncomingMessage) || !(rawResponse instanceof ServerResponse)) return;
  hijack(response);
  if (check(rawRequest, rawResponse)) return;
  if (typeof next === 'function') Reflect.apply(next, undefined, []);
  else rawResponse.writeHead(404).end();
}

/** Fastify wraps Node's objects, Express extends them. */
function rawOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'raw' in value ? value.raw : value;
}

/** Tells Fastify that the answer is written past it. */
function hijack(response: unknown): void {
  if (
    typeof response === 'object' &&
    response !== null &&
    'hijack' in response &&
    typeof response.hijack === 'function'
  ) {
    Reflect.apply(response.hijack, response, []);
  }
}
