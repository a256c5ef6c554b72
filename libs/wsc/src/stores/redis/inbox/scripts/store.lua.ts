import { inboxScript, opening } from './lua.js';

/**
 * Keeps a message and tells the nodes of it, or does neither.
 * Keys: the user's. Arguments: the three of `opening`, message id, message as JSON, lifetime in ms, most messages, PUBLISH or SPUBLISH,
 * channel, what a batch starts with. Answers `stored`, `repeated` or `full`, offset, epoch.
 */
export const storeScript = inboxScript(
  opening,
  `
local id, text, message_ms, max_messages = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local publish, channel, head = ARGV[8], ARGV[9], ARGV[10]

open()
local known_at = redis.call('ZSCORE', order_key, id) or redis.call('ZSCORE', done_key, id)
if known_at or redis.call('ZCARD', order_key) >= max_messages then
  live_on(lifetime_ms)
  return { known_at and 'repeated' or 'full', known_at or '0', epoch }
end

offset = offset + 1
local offset_text = string.format('%.0f', offset)
text = string.sub(text, 1, -2) .. ',"offset":' .. offset_text .. ',"epoch":"' .. epoch .. '"}'
redis.call('HSET', position_key, 'offset', offset_text)
redis.call('ZREM', dead_key, id)
redis.call('HSET', texts_key, id, text)
redis.call('ZADD', order_key, offset_text, id)
redis.call('ZADD', expiry_key, string.format('%.0f', now + message_ms), id)
live_on(lifetime_ms)
-- It is stored, whatever becomes of this: whoever misses it reads it from here.
redis.pcall(publish, channel, head .. text .. ']}')
return { 'stored', offset_text, epoch }
`,
);
