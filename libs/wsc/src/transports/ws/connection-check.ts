import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cancellation } from '../../core/async/cancellation.js';
import { refuse, type HandshakeRefusal } from '../../core/connect/refusal.js';
import { refuseResponse } from './http-answer.js';
import { clientGone } from './pending-upgrade.js';
import type { UpgradeHost } from './upgrade-host.js';
import { assertPlainRequest, UpgradeRequest, type RequestTarget } from './upgrade-request.js';

/** What is turned into an HTTP answer for whatever an upgrade was refused with. */
export type ToRefusal = (error: unknown) => HandshakeRefusal;

/**
 * Answers `GET {path}` without `Upgrade` with what an upgrade would get: 204, or the refusal (PROTOCOL.md §1). Browsers hide
 * the HTTP status of a refused upgrade from a page; this is how a client learns it.
 */
export async function answerConnectionCheck(
  host: UpgradeHost,
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly target: RequestTarget },
  toRefusal: ToRefusal,
): Promise<void> {
  const { request, response, target } = exchange;
  const cancellation = new Cancellation();
  response.on('error', () => cancellation.cancel(clientGone()));
  response.once('close', () => cancellation.cancel(clientGone()));
  try {
    assertPlainRequest(request);
    const asked = new UpgradeRequest(request, target);
    await allowReading(host, asked, response);
    if (request.method === 'OPTIONS') answerPreflight(response);
    else await answerAdmission(host, asked, { response, cancellation });
  } catch (error) {
    refuseResponse(response, toRefusal(error));
  }
}

async function answerAdmission(
  host: UpgradeHost,
  request: UpgradeRequest,
  { response, cancellation }: { readonly response: ServerResponse; readonly cancellation: Cancellation },
): Promise<void> {
  const admission = await host.gate.admit(request, cancellation);
  admission.release();
  response.writeHead(204, { 'Cache-Control': 'no-store' }).end();
}

/** A page of another origin may read the answer where it may connect. */
async function allowReading(host: UpgradeHost, request: UpgradeRequest, response: ServerResponse): Promise<void> {
  const { origin } = request.headers;
  if (typeof origin !== 'string') return;
  response.setHeader('Vary', 'Origin');
  if ((await host.gate.allowsOrigin?.(request)) !== true) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
}

/** The token travels in `Authorization`, which browsers ask leave for first. Without an allowed origin the answer allows nothing. */
function answerPreflight(response: ServerResponse): void {
  if (!response.hasHeader('Access-Control-Allow-Origin')) throw refuse.forbidden('This origin is not allowed.');
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD');
  response.setHeader('Access-Control-Allow-Headers', 'Authorization');
  response.setHeader('Access-Control-Max-Age', '600');
  response.writeHead(204).end();
}
