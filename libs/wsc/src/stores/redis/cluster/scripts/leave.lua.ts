import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';
import { clusterFacts } from './lua.js';

/**
 * An instance goes. It counts as dead, so that somebody looks whether it has left something behind; the last one to go takes the
 * registry with it, in a while.
 * Keys: nodes. Arguments: instance, ms for which a registry of nobody stays.
 */
export const leaveScript = createScript(`
${nowMs}${clusterFacts}
local nodes_key, instance = KEYS[1], ARGV[1]
local own = read_entry(redis.call('HGET', nodes_key, instance))
if not own then return 0 end
own.dead = now_ms()
own.due = own.dead
redis.call('HSET', nodes_key, instance, cjson.encode(own))
for _, text in ipairs(redis.call('HVALS', nodes_key)) do
  local entry = read_entry(text)
  if entry and not entry.dead then return 1 end
end
redis.call('PEXPIRE', nodes_key, ARGV[2])
return 1
`);
