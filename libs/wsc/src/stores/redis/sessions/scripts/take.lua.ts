import { createScript } from '../../scripts/script.js';

/**
 * Takes a session. Keys: the session, its successor. Arguments: what either starts with where it is of this owner; what the successor is
 * then, if there is one, and for how many ms. Answers the text of the successor that it had, else that of the session, or nothing.
 */
export const takeScript = createScript(`
local function text_of(key)
  local text = redis.call('GET', key)
  return text and string.sub(text, 1, #ARGV[1]) == ARGV[1] and text
end

-- A session that was taken is nobody's, even if its connection has saved it once more.
local text = text_of(KEYS[2]) or text_of(KEYS[1])
if not text then return false end
-- First, since a Redis without memory refuses a script that begins with the other.
redis.call('DEL', KEYS[1], KEYS[2])
if ARGV[2] then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return text
`);
