import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';
import { leaveRoom, splitRoom } from './lua.js';

/**
 * Removes what an instance has: the given members of its set, or some of them where none are given. What another instance has
 * written since, under the same connection id, stays.
 * Keys: what the instance has. Arguments: the instance, the prefix of this partition's keys, grace in ms, how many, members….
 * Answers how many members were looked at, then of each that was there still: its text, a space, and 1 where it was the user's
 * last connection, or the last one in the room.
 */
export const sweepScript = createScript(`
${nowMs}${splitRoom}${leaveRoom}
local of_key, instance, prefix, grace_ms = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local function is_own(value)
  return value and string.match(value, '^%S+') == instance
end

local function sweep_user(user, connection)
  local user_key = prefix .. 'user:' .. user
  if not is_own(redis.call('HGET', user_key, connection)) then return nil end
  redis.call('HDEL', user_key, connection)
  if redis.call('EXISTS', user_key) == 1 then return 0 end
  redis.call('ZREM', prefix .. 'online', user)
  return 1
end

local function sweep_room(room, user, connection)
  local room_key = prefix .. 'room:' .. room
  local others, was = split_room(redis.call('HGET', room_key, user), connection)
  if not is_own(was) then return nil end
  return leave_room(room_key, prefix .. 'away:' .. room, user, others, grace_ms)
end

local members = {}
if #ARGV > 4 then
  for index = 5, #ARGV do
    members[#members + 1] = ARGV[index]
    redis.call('SREM', of_key, ARGV[index])
  end
else
  members = redis.call('SPOP', of_key, ARGV[4])
end

local answer = { #members }
for _, member in ipairs(members) do
  local kind, first, second, third = string.match(member, '^(%S) (%S+) (%S+) ?(%S*)$')
  local is_last
  if kind == 'u' then is_last = sweep_user(first, second) end
  if kind == 'r' then is_last = sweep_room(first, second, third) end
  if is_last then answer[#answer + 1] = member .. ' ' .. is_last end
end
return answer
`);
