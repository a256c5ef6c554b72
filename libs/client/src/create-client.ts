import { WscClient } from './client.js';
import type { AnyEvents, AnyRequests } from './event-map.js';
import type { WscClientOptions } from './options.js';

/** `new WscClient({ ...options, url })`. */
export function createClient<Events extends object = AnyEvents, Requests extends object = AnyRequests>(
  url: string | URL,
  options: Omit<WscClientOptions, 'url'> = {},
): WscClient<Events, Requests> {
  return new WscClient({ ...options, url });
}
