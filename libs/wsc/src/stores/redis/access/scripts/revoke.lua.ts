import { createScript } from '../../scripts/script.js';

/**
 * Remembers a revocation until the credential ends by itself; a later end wins.
 * Keys: the revocation. Arguments: ms until the end, or 0 for one that never ends. Answers 1 where something has changed.
 */
export const revokeScript = createScript(`
local key, ends_in_ms = KEYS[1], tonumber(ARGV[1])
local left_ms = redis.call('PTTL', key)
if left_ms == -1 then return 0 end
if ends_in_ms == 0 then
  redis.call('SET', key, '1')
elseif left_ms < ends_in_ms then
  redis.call('SET', key, '1', 'PX', ends_in_ms)
else
  return 0
end
return 1
`);
