/** Lua that several scripts begin with. */

/** `now_ms()`: milliseconds since 1970 by Redis' own clock, since those of nodes differ. */
export const nowMs = `
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/**
 * What keeps the position of a stream or an inbox, in a hash of `offset`, `epoch` and `server`: who the server was when it was written.
 * Redis may come back with a part of its data, or another server with less of it; then what was acknowledged may be missing, and the
 * next position has to have another epoch.
 *
 * `position(key, lasting, nonce)`: offset, epoch, and what `keep_position` needs beside them where the hash must be written also without
 * a new message: the epoch is new, at offset 0, or the server another with the same data. Writes nothing. `lasting` is that of
 * `ServerIdentity`; `nonce` makes epochs that no other node makes.
 *
 * `keep_position(key, offset, epoch, server, lifetime_ms)`: writes it.
 */
export const position = `
-- A primary's replication id is another after each restart and each failover. With a replica it does not count as lasting: that may
-- take over without the last changes.
local function this_server(lasting)
  local info = redis.call('INFO', 'replication')
  local id = string.match(info, 'master_replid:(%x+)')
  local is_alone = string.find(info, 'connected_slaves:0', 1, true) and string.find(info, 'master_replid2:0+%s')
  return id .. (lasting == '1' and is_alone and ' lasts' or '')
end

local function has_kept_all(before, now)
  local is_lasting = string.find(before, ' lasts', 1, true) and string.find(now, ' lasts', 1, true)
  return is_lasting or string.match(before, '^%x+') == string.match(now, '^%x+')
end

local server_now
local function position(key, lasting, nonce)
  server_now = server_now or this_server(lasting)
  local known, server = redis.call('HMGET', key, 'offset', 'epoch', 'server'), server_now
  if known[1] and known[3] == server then return tonumber(known[1]), known[2], nil end
  if known[1] and has_kept_all(known[3], server) then return tonumber(known[1]), known[2], server end
  local time = redis.call('TIME')
  return 0, nonce .. string.format('%x%05x', time[1], time[2]), server
end

local function keep_position(key, offset, epoch, server, lifetime_ms)
  redis.call('HSET', key, 'offset', string.format('%.0f', offset), 'epoch', epoch)
  if server then redis.call('HSET', key, 'server', server) end
  redis.call('PEXPIRE', key, lifetime_ms)
end
`;
