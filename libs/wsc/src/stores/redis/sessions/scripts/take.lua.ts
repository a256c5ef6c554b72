import { createScript } from '../../scripts/script.js';

/**
 * Takes a session. Keys: the session, its successor, and the sessions of its user, if it has one. Arguments: what either starts with where
 * it is of this owner; its name among the user's; what the successor is then, if there is one, and for how many ms. Answers the text of the
 * successor that it had, else that of the session, or nothing.
 */
export const takeScript = createScript(`
local function text_of(key)
  local text = redis.call('GET', key)
  return text and string.sub(text, 1, #ARGV[1]) == ARGV[1] and text
end

local text = text_of(KEYS[2]) or text_of(KEYS[1])
if not text then return false end
-- First, since a Redis without memory refuses a script that begins with the other.
redis.call('DEL', KEYS[1], KEYS[2])
if KEYS[3] then redis.call('ZREM', KEYS[3], ARGV[2]) end
if ARGV[3] then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
return text
`);
