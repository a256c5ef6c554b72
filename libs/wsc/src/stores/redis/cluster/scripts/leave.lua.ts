import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';

/**
 * An instance goes. It counts as dead, so that somebody looks whether it has left something behind; the last one to go takes the
 * registry with it, in a while.
 * Keys: nodes. Arguments: instance, ms for which a registry of nobody stays.
 */
export const leaveScript = createScript(`
${nowMs}
local nodes_key, instance = KEYS[1], ARGV[1]
local own = redis.call('HGET', nodes_key, instance)
if not own then return 0 end
local entry = cjson.decode(own)
entry.dead = now_ms()
entry.due = entry.dead
redis.call('HSET', nodes_key, instance, cjson.encode(entry))
for _, text in ipairs(redis.call('HVALS', nodes_key)) do
  if not cjson.decode(text).dead then return 1 end
end
redis.call('PEXPIRE', nodes_key, ARGV[2])
return 1
`);
