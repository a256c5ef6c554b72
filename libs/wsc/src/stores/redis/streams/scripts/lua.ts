import { emptyPositionLifetimeMs } from '../../../shared/stream-rules.js';

/** Lua that the scripts that read streams share. */

/**
 * `known_position(key, lasting, nonce, lifetime_ms)`: offset and epoch. Whoever asks may rely on them from then on, so a stream that is
 * not there begins, and one that is asked for lives on: one without messages not for so long.
 */
export const knownPosition = `
local function known_position(key, lasting, nonce, lifetime_ms)
  local offset, epoch, server = position(key, lasting, nonce)
  if offset == 0 then lifetime_ms = math.min(lifetime_ms, ${String(emptyPositionLifetimeMs)}) end
  if server then
    keep_position(key, offset, epoch, server, lifetime_ms)
  elseif redis.call('PTTL', key) < lifetime_ms / 2 then
    redis.call('PEXPIRE', key, lifetime_ms)
  end
  return offset, epoch
end
`;
