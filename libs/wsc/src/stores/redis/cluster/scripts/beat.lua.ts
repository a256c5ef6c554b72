import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';
import { clusterFacts } from './lua.js';

/**
 * An instance lives. Finds who does not any more, and chooses who tidies up behind: whoever looks first, and somebody else if it has not
 * been said to be done in time. A dead instance stays dead; it is not asked whether it was only stopped.
 *
 * Where nobody could show anything for a while (Redis was gone, or its clock has jumped), silence says nothing about the nodes: it
 * counts from then on.
 * Keys: nodes. Arguments: instance, node id, start in ms since 1970, ms after which a silent one is dead, ms in which to tidy up,
 * 1 to come in, 1 where this one can tidy up.
 * Answers the registry's epoch where the instance is dead or not known; else {epoch, those that live, those that are dead, those to tidy
 * up behind}, the living as instance, node id, start. The epoch is another one in a registry that was made anew: there nobody has been
 * told of any death that was found in the old one.
 */
export const beatScript = createScript(`
${nowMs}${clusterFacts}
local nodes_key, instance, node_id, started_at = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local dead_after_ms, tidy_ms, comes_in, can_tidy = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1', ARGV[7] == '1'
local now = now_ms()

local function write(name, entry)
  redis.call('HSET', nodes_key, name, cjson.encode(entry))
end

local own = read_entry(redis.call('HGET', nodes_key, instance))
local facts = read_facts(nodes_key)
if own and own.dead or not own and not comes_in then return facts and facts.epoch or '' end
write(instance, { node = node_id, started = started_at, beat = now })
redis.call('PERSIST', nodes_key)

facts = facts or { beat = 0, since = now }
-- Whoever makes the registry: an instance comes in once.
facts.epoch = facts.epoch or instance
if now - facts.beat > dead_after_ms / 2 or facts.since > now then facts.since = now end
facts.beat = now
write(facts_name, facts)

local living, dead, to_tidy = {}, {}, {}
local function look(other, entry)
  local has_died = not entry.dead and now - math.max(entry.beat, facts.since) > dead_after_ms
  if has_died then
    entry.dead = now
    entry.due = now
  end
  -- By a clock that was set back since, it would live, or wait, for as long as that.
  local is_ahead = entry.beat > now
  if is_ahead then entry.beat = now end
  local is_due = can_tidy and entry.dead and (now >= entry.due or is_ahead)
  if is_due then
    entry.due = now + tidy_ms
    to_tidy[#to_tidy + 1] = other
  end
  if has_died or is_ahead or is_due then write(other, entry) end
  if entry.dead then
    dead[#dead + 1] = other
  else
    living[#living + 1] = { other, entry.node, tostring(entry.started) }
  end
end

local all = redis.call('HGETALL', nodes_key)
for index = 1, #all, 2 do
  local other, entry = all[index], read_entry(all[index + 1])
  if entry then
    look(other, entry)
  elseif other ~= facts_name then
    redis.call('HDEL', nodes_key, other)
  end
end
return { facts.epoch, living, dead, to_tidy }
`);
