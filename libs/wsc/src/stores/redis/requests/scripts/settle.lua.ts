import { createScript } from '../../scripts/script.js';
import { requests } from './lua.js';

/**
 * Keeps the answer of a request, unless another claim holds it by now.
 * Keys: the owner's. Arguments: field, fingerprint, holder, `answered` or `lost`, answer, ms for which it is kept, most bytes.
 */
export const finishScript = createScript(`
${requests}
local field, fingerprint, holder, state, answer = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local window_ms, max_bytes = tonumber(ARGV[6]), tonumber(ARGV[7])
local _, known_holder = read(field)
if known_holder and known_holder ~= holder then return 0 end
finish(field, window_ms, state, holder, fingerprint, answer)
while tonumber(redis.call('HGET', known_key, 'bytes')) > max_bytes do
  if not forget_oldest() then break end
end
return 1
`);

/**
 * Forgets a request that a claim holds, or that is lost.
 * Keys: the owner's. Arguments: field, holder, or nothing for one that this node does not hold.
 */
export const releaseScript = createScript(`
${requests}
local state, holder = read(ARGV[1])
if holder == ARGV[2] or state == 'lost' then forget(ARGV[1]) end
return 1
`);

/**
 * Holds for longer what is still held.
 * Keys: the owner's. Arguments: ms for which it is held, ms for which answers are kept, then fields and their holders in turn.
 */
export const renewScript = createScript(`
${requests}
local lease_ms, window_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
for index = 3, #ARGV, 2 do
  local state, holder = read(ARGV[index])
  if state == 'running' and holder == ARGV[index + 1] then redis.call('ZADD', running_key, at(lease_ms), ARGV[index]) end
end
live_on(lease_ms + window_ms)
return 1
`);
