/** Lua that the scripts of presence share. What the values look like: `presence-text.ts`. */

/**
 * `disown(of_prefix, value, member)`: takes `member` out of what the node has that wrote `value`. Its key is made here, not
 * passed: only the value says whose it is. It has the partition's tag, as all keys of the call.
 */
export const disown = `
local function disown(of_prefix, value, member)
  redis.call('SREM', of_prefix .. string.match(value, '^%S+'), member)
end
`;

/** `split_room(packed, connection)`: the connections of a user in a room without `connection`, how many those are, and its own value. */
export const splitRoom = `
local function split_room(packed, connection)
  local others, own = {}, nil
  for value in string.gmatch(packed or '', '[^;]+') do
    if string.match(value, '^%S+ (%S+)') == connection then own = value else others[#others + 1] = value end
  end
  return others, own
end
`;

/** `leave_room(room_key, away_key, user, others, grace_ms)`: answers 1 where the user is in the room no more. */
export const leaveRoom = `
local function leave_room(room_key, away_key, user, others, grace_ms)
  if #others > 0 then
    redis.call('HSET', room_key, user, table.concat(others, ';'))
    return 0
  end
  redis.call('HDEL', room_key, user)
  if grace_ms > 0 then
    local now = now_ms()
    redis.call('ZADD', away_key, now, user)
    redis.call('ZREMRANGEBYSCORE', away_key, '-inf', now - grace_ms)
    redis.call('PEXPIRE', away_key, grace_ms)
  end
  return 1
end
`;
