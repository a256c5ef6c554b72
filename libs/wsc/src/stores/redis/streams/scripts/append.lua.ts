import { createScript } from '../../scripts/script.js';
import { nowMs, position } from '../../scripts/lua.js';

/** Every 16th write takes out what is too old of the 32 oldest messages. */
const lookedAt = 16;

/**
 * Writes a message, wholly or not at all, and tells the nodes of it. All reading comes first, and the first write is one that a Redis
 * without memory refuses.
 * Keys: stream, position, then those that are needed of: once, versions and their times. Arguments: what there is of these (`o`, `v`), PUBLISH or
 * SPUBLISH, channel, message id, message as JSON, what a batch starts with, most messages, lifetime in ms, lifetime of the position in ms,
 * ms for which the answer counts, version key, version, most versions, and the two of `position`.
 * Answers status, message id, offset, epoch.
 */
export const appendScript = createScript(`
${nowMs}
${position}
local stream_key, position_key = KEYS[1], KEYS[2]
local once_key = string.find(ARGV[1], 'o') and KEYS[3]
local versions_key = string.find(ARGV[1], 'v') and KEYS[#KEYS - 1]
local publish, channel, id, text, head = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local max_messages, lifetime_ms, position_ms, once_ms = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9], ARGV[10]
local version_key, version, max_versions = ARGV[11], ARGV[12], tonumber(ARGV[13])

local function answer(status, offset, epoch)
  local fields = { status, id, string.format('%.0f', offset), epoch }
  if once_key then redis.call('SET', once_key, cjson.encode(fields), 'PX', once_ms) end
  return fields
end

if once_key then
  local before = redis.call('GET', once_key)
  if before then
    local fields = cjson.decode(before)
    if fields[1] == 'stored' then fields[1] = 'repeated' end
    return fields
  end
end
local top, epoch, server = position(position_key, ARGV[14], ARGV[15])
if versions_key then
  local highest = redis.call('ZSCORE', versions_key, version_key)
  if highest and tonumber(version) <= tonumber(highest) then
    if server then keep_position(position_key, top, epoch, server, position_ms) end
    return answer('stale', top, epoch)
  end
end

local offset, now = top + 1, now_ms()
keep_position(position_key, offset, epoch, server, position_ms)
-- What is there under this epoch's first offset is another epoch's.
if offset == 1 then redis.call('DEL', stream_key) end
local entry_id = string.format('%.0f-%.0f', offset, now + lifetime_ms)
redis.call('XADD', stream_key, 'MAXLEN', max_messages, entry_id, 'm', text)
if offset % ${String(lookedAt)} == 0 then
  local expired
  for _, entry in ipairs(redis.call('XRANGE', stream_key, '-', '+', 'COUNT', ${String(2 * lookedAt)})) do
    local entry_offset, ends_at = string.match(entry[1], '^(%d+)-(%d+)$')
    if tonumber(ends_at) > now then break end
    expired = entry_offset
  end
  if expired then redis.call('XTRIM', stream_key, 'MINID', string.format('%.0f', expired + 1)) end
end
redis.call('PEXPIRE', stream_key, lifetime_ms)
if versions_key then
  redis.call('ZADD', versions_key, version, version_key)
  local times_key, time = KEYS[#KEYS], redis.call('TIME')
  redis.call('ZADD', times_key, string.format('%.0f', time[1] * 1000000 + time[2]), version_key)
  if redis.call('ZCARD', times_key) > max_versions then
    redis.call('ZREM', versions_key, redis.call('ZPOPMIN', times_key)[1])
  end
  redis.call('PEXPIRE', versions_key, position_ms)
  redis.call('PEXPIRE', times_key, position_ms)
end
local place = string.format(',"offset":%.0f,"epoch":"%s"}', offset, epoch)
local stored = answer('stored', offset, epoch)
-- It is stored, whatever becomes of this (an ACL may refuse the channel): whoever misses it reads it from here.
redis.pcall(publish, channel, head .. string.sub(text, 1, -2) .. place .. ']}')
return stored
`);
