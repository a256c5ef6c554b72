import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';
import { disown, leaveRoom, splitRoom } from './lua.js';

/**
 * A connection is in a room no more.
 * Keys: room, who is away from it. Arguments: user, connection, member, prefix of what an instance has, grace in ms.
 * Answers 1 where it was the user's last one in the room; 0 too where it was not known there.
 */
export const leftScript = createScript(`
${nowMs}${disown}${splitRoom}${leaveRoom}
local room_key, away_key = KEYS[1], KEYS[2]
local user, connection, member, of_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local others, was = split_room(redis.call('HGET', room_key, user), connection)
if not was then return 0 end
disown(of_prefix, was, member)
return leave_room(room_key, away_key, user, others, tonumber(ARGV[5]))
`);
