import type { ServerCodec } from './codec.js';
import { basicCodec } from './dialects/basic-codec.js';
import { ginforgeCodec } from './dialects/ginforge-codec.js';
import { jsonCodec } from './json-codec.js';

/** Every codec that a server of this version speaks, by the subprotocol that selects it (PROTOCOL.md §1.1). */
export const serverCodecs: ReadonlyMap<string, ServerCodec> = new Map<string, ServerCodec>(
  [jsonCodec, ginforgeCodec, basicCodec].map((codec) => [codec.subprotocol, codec]),
);
