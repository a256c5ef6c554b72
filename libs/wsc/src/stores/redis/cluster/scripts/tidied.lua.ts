import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';
import { clusterFacts } from './lua.js';

/**
 * What a dead instance had is removed. After the first time it is done once more, later, for what was on its way to Redis when the node
 * died; then the instance is forgotten.
 * Keys: nodes. Arguments: instance, ms until the second time.
 */
export const tidiedScript = createScript(`
${nowMs}${clusterFacts}
local nodes_key, instance = KEYS[1], ARGV[1]
local entry = read_entry(redis.call('HGET', nodes_key, instance))
if not entry or not entry.dead then return 0 end
if entry.tidied then return redis.call('HDEL', nodes_key, instance) end
entry.tidied = true
entry.due = now_ms() + tonumber(ARGV[2])
return redis.call('HSET', nodes_key, instance, cjson.encode(entry))
`);
