import { createScript } from '../../scripts/script.js';
import { requests } from './lua.js';

/**
 * Claims a request, unless it is known.
 * Keys: the owner's. Arguments: field, fingerprint, holder, the holder whose claim this one repeats, or nothing, ms for which it is held,
 * ms for which answers are kept, most requests, and what the holders of dead nodes start with. Answers a status, and of `answered` the
 * answer.
 */
export const claimScript = createScript(`
${requests}
local field, fingerprint, holder, former_holder = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lease_ms, window_ms, max_requests = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local function is_dead(holder)
  for index = 8, #ARGV do
    if string.sub(holder, 1, #ARGV[index]) == ARGV[index] then return true end
  end
end

local function hold()
  write(field, 'running', holder, fingerprint, '')
  redis.call('ZADD', running_key, at(lease_ms), field)
  live_on(lease_ms + window_ms)
  return { 'claimed' }
end

tidy(window_ms)
local state, known_holder, known_fingerprint, answer = read(field)
if state and known_fingerprint ~= fingerprint then return { 'conflict' } end
if state == 'running' then
  if known_holder == former_holder then return hold() end
  -- Redis may have evicted until when it is held.
  if redis.call('ZSCORE', running_key, field) and not is_dead(known_holder) then return { 'running' } end
  lose(field, window_ms)
  return { 'lost' }
end
if state then return { state, answer } end

while redis.call('ZCARD', running_key) + redis.call('ZCARD', ended_key) >= max_requests do
  if not forget_oldest() then return { 'full' } end
end
return hold()
`);
