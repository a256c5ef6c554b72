import { createScript } from '../../scripts/script.js';

/** Takes the lease where nobody has it, or keeps it. Keys: the lease. Arguments: holder, ms. Answers 1 to who has it. */
export const holdScript = createScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`);

/** Gives the lease back. Keys: the lease. Arguments: holder. */
export const releaseScript = createScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return true
`);
