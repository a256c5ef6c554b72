import { createScript } from '../../scripts/script.js';

/** Takes a session. Keys: the session. Arguments: what its text starts with where it is of this owner. Answers its text, or nothing. */
export const takeScript = createScript(`
local text = redis.call('GET', KEYS[1])
if not text or string.sub(text, 1, #ARGV[1]) ~= ARGV[1] then return false end
redis.call('DEL', KEYS[1])
return text
`);
