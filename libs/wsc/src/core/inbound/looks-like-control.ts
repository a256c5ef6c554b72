/** A full ack, 100 ids of 64 characters, takes less. */
const maxControlBytes = 8_192;
const headBytes = 64;
const controlHead = /^\s*\{\s*"type"\s*:\s*"(?:ack|ping|pong)"/;

/**
 * Whether a message may be an ack, ping or pong, told without reading it: it is short, and its `type` comes first. Only for a
 * client over its rate: otherwise messages are read and not guessed at.
 */
export function looksLikeControl(payload: string | Uint8Array): boolean {
  if (payload.length > maxControlBytes) return false;
  const head = typeof payload === 'string' ? payload.slice(0, headBytes) : textOf(payload.subarray(0, headBytes));
  return controlHead.test(head);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
