import { createScript } from '../../scripts/script.js';
import { nowMs } from '../../scripts/lua.js';

/**
 * Takes a place for a connection, unless the user has too many. Places stand beside the connections, each with its own end, so
 * that one which a node forgot goes by itself. Connections and places of dead nodes don't count.
 * Keys: user, places. Arguments: connection, instance, device, lifetime of a place in ms, most connections, most devices, dead instances…
 * Answers 0, or what there was too much of: 1 connections, 2 devices.
 */
export const reserveScript = createScript(`
${nowMs}
local user_key, places_key = KEYS[1], KEYS[2]
local connection, instance, device = ARGV[1], ARGV[2], ARGV[3]
local place_ms, max_connections, max_devices = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local dead = {}
for index = 7, #ARGV do dead[ARGV[index]] = true end

local now = now_ms()
local count, device_count, devices = 0, 0, {}
local function take(taken_by, taken_for)
  if dead[taken_by] then return end
  count = count + 1
  if devices[taken_for] then return end
  devices[taken_for] = true
  device_count = device_count + 1
end

for _, value in ipairs(redis.call('HVALS', user_key)) do
  take(string.match(value, '^(%S+) (%S+)'))
end
local places = redis.call('HGETALL', places_key)
for index = 1, #places, 2 do
  local taken_by, taken_for, ends_at = string.match(places[index + 1], '^(%S+) (%S+) (%S+)')
  if tonumber(ends_at) <= now then
    redis.call('HDEL', places_key, places[index])
  elseif places[index] ~= connection then
    take(taken_by, taken_for)
  end
end

if max_connections > 0 and count >= max_connections then return 1 end
if max_devices > 0 and device_count >= max_devices and not devices[device] then return 2 end
redis.call('HSET', places_key, connection, instance .. ' ' .. device .. ' ' .. string.format('%d', now + place_ms))
redis.call('PEXPIRE', places_key, place_ms)
return 0
`);
