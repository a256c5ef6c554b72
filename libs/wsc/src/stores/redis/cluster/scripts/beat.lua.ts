import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';

/**
 * An instance lives. Finds who does not any more, and chooses who tidies up behind: whoever looks first, and somebody else if it has not
 * been said to be done in time. A dead instance stays dead; it is not asked whether it was only stopped.
 * Keys: nodes. Arguments: instance, node id, start in ms since 1970, ms after which a silent one is dead, ms in which to tidy up,
 * 1 to come in, 1 where this one can tidy up.
 * Answers 0 where the instance is dead or not known; else {those that live, those that are dead, those to tidy up behind}, the living
 * as instance, node id, start.
 */
export const beatScript = createScript(`
${nowMs}
local nodes_key, instance, node_id, started_at = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local dead_after_ms, tidy_ms, comes_in, can_tidy = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1', ARGV[7] == '1'
local now = now_ms()

local function read(text)
  local is_json, entry = pcall(cjson.decode, text)
  if is_json and type(entry) == 'table' and entry.node and entry.beat then return entry end
end

local own = redis.call('HGET', nodes_key, instance)
own = own and read(own)
if not comes_in and (not own or own.dead) then return 0 end
redis.call('HSET', nodes_key, instance, cjson.encode({ node = node_id, started = started_at, beat = now }))
redis.call('PERSIST', nodes_key)

local living, dead, to_tidy = {}, {}, {}
local all = redis.call('HGETALL', nodes_key)
for index = 1, #all, 2 do
  local other, entry = all[index], read(all[index + 1])
  if not entry then
    redis.call('HDEL', nodes_key, other)
  else
    local has_died = not entry.dead and now - entry.beat > dead_after_ms
    if has_died then
      entry.dead = now
      entry.due = now
    end
    local is_due = can_tidy and entry.dead and now >= entry.due
    if is_due then
      entry.due = now + tidy_ms
      to_tidy[#to_tidy + 1] = other
    end
    if has_died or is_due then redis.call('HSET', nodes_key, other, cjson.encode(entry)) end
    if entry.dead then
      dead[#dead + 1] = other
    else
      living[#living + 1] = { other, entry.node, tostring(entry.started) }
    end
  end
end
return { living, dead, to_tidy }
`);
