import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';
import { disown, splitRoom } from './lua.js';

/**
 * A connection is in a room.
 * Keys: room, who is away from it, what this instance has. Arguments: user, connection, value, member, prefix of what an instance
 * has, grace in ms. Answers how many connections the user has in the room, 1 where this one was known there, and 1 where the user was
 * away for less than the grace.
 */
export const joinedScript = createScript(`
${nowMs}${disown}${splitRoom}
local room_key, away_key, of_key = KEYS[1], KEYS[2], KEYS[3]
local user, connection, value, member, of_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local grace_ms = tonumber(ARGV[6])

local entries, was = split_room(redis.call('HGET', room_key, user), connection)
if was then disown(of_prefix, was, member) end
entries[#entries + 1] = value
redis.call('HSET', room_key, user, table.concat(entries, ';'))
redis.call('SADD', of_key, member)

local left_at = redis.call('ZSCORE', away_key, user)
local was_known = was and 1 or 0
if not left_at then return { #entries, was_known, 0 } end
redis.call('ZREM', away_key, user)
return { #entries, was_known, tonumber(left_at) > now_ms() - grace_ms and 1 or 0 }
`);
