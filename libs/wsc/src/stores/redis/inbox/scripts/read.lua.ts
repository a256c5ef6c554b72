import { silentDevice } from '../../../../core/ports/inbox.js';
import { inboxScript, opening } from './lua.js';

/** Looked at in one go: all that a user has could be much more than a page. */
const chunk = 64;

/**
 * Reads what a device has not acknowledged.
 * Keys: the user's. Arguments: the three of `opening`, device, the offset to go on from, most messages, most bytes.
 * Answers the epoch, then the messages as JSON.
 */
export const readScript = inboxScript(
  opening,
  `
-- Who is not waited for begins nothing.
if ARGV[4] == '${silentDevice}' and not known_offset then return { '' } end
local own_bit = open_for(ARGV[4])
local from, max_messages, max_bytes = '(' .. ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local page, bytes, is_full = { epoch }, 0, false

local function take(id)
  local text = redis.call('HGET', texts_key, id)
  if not text then return end
  bytes = bytes + #text
  is_full = #page > 1 and (#page > max_messages or bytes > max_bytes)
  if not is_full then page[#page + 1] = text end
end

while not is_full do
  local ids = redis.call('ZRANGEBYSCORE', order_key, from, '+inf', 'LIMIT', 0, ${String(chunk)})
  if #ids == 0 then break end
  local masks = redis.call('HMGET', acks_key, unpack(ids))
  for index, id in ipairs(ids) do
    local mask = masks[index]
    if not mask or (own_bit ~= 0 and bit.band(tonumber(mask), own_bit) == 0) then take(id) end
    if is_full then break end
  end
  from = '(' .. redis.call('ZSCORE', order_key, ids[#ids])
end
live_on(lifetime_ms)
return page
`,
);
