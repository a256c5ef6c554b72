import { silentDevice, unnamedDevice } from '../../../../core/ports/inbox.js';
import { deviceMemoryMs, maxDevices, unnamedDeviceMemoryMs } from '../../../shared/inbox-rules.js';
import { nowMs, position } from '../../scripts/lua.js';
import { createScript, type Script } from '../../scripts/script.js';

/** What stands in Redis for a user: `RedisNames.inboxKeys` says which keys these are. */
const keys = `
${nowMs}
local position_key, order_key, expiry_key, acks_key, texts_key, devices_key, done_key, dead_key = unpack(KEYS)
local now, week_ms = now_ms(), 604800000
local died_count = 0

-- Comes last: keys that a script has made have no end. All end together, so that none outlives what explains it.
local function live_on(lifetime_ms)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, lifetime_ms) end
end
`;

/**
 * `finish(id)`: each device has it; of the latest 1,000 such messages it stays known where they were. `expire_messages()`: what is over
 * becomes a dead letter; the newest 100 are kept, a week each, their texts where they were.
 */
const messages = `
local function remove(id)
  redis.call('ZREM', order_key, id)
  redis.call('ZREM', expiry_key, id)
  redis.call('HDEL', acks_key, id)
end

local function finish(id)
  local offset = redis.call('ZSCORE', order_key, id)
  remove(id)
  redis.call('HDEL', texts_key, id)
  redis.call('ZADD', done_key, offset, id)
  redis.call('ZREMRANGEBYRANK', done_key, 0, -1001)
end

local function bury(ids)
  for _, id in ipairs(ids) do
    redis.call('ZREM', dead_key, id)
    redis.call('HDEL', texts_key, id)
  end
end

local function expire_messages()
  local over = redis.call('ZRANGEBYSCORE', expiry_key, '-inf', now, 'WITHSCORES')
  died_count = #over / 2
  for index = 1, #over, 2 do
    remove(over[index])
    redis.call('ZADD', dead_key, over[index + 1], over[index])
  end
  if #over > 0 then bury(redis.call('ZRANGE', dead_key, 0, -101)) end
  bury(redis.call('ZRANGEBYSCORE', dead_key, '-inf', now - week_ms))
end
`;

/**
 * Devices stand in a sorted set by when they were seen last, each behind the digit of its bit: 0 to 9, `a` for the unnamed one, which has
 * it to itself. Of each message that anybody ever acknowledged a mask says which known devices need not get it.
 *
 * `see(device)`: it is there; answers its bit, 0 for the silent one, which is never known. `acknowledge(id, own_bit)`: it has a message; answers whether the message was waiting for it.
 */
const devices = `
local unnamed_member = 'a${unnamedDevice}'

local function bit_of(member)
  return bit.lshift(1, tonumber(string.sub(member, 1, 1), 16))
end

local function known_bits()
  local bits = 0
  for _, member in ipairs(redis.call('ZRANGE', devices_key, 0, -1)) do bits = bits + bit_of(member) end
  return bits
end

local function each_mask(change)
  local masks = redis.call('HGETALL', acks_key)
  for index = 1, #masks, 2 do change(masks[index], tonumber(masks[index + 1])) end
end

-- Its bits stay: who gets the digit next need not get those messages either.
local function forget(member)
  redis.call('ZREM', devices_key, member)
  local known = known_bits()
  each_mask(function(id, mask)
    if bit.band(mask, known) == known then finish(id) end
  end)
end

local function expire_devices()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', devices_key, '-inf', now - ${String(deviceMemoryMs)})) do
    forget(member)
  end
  local unnamed_seen_at = tonumber(redis.call('ZSCORE', devices_key, unnamed_member) or now)
  if unnamed_seen_at <= now - ${String(unnamedDeviceMemoryMs)} then forget(unnamed_member) end
end

-- It need not get what another one has acknowledged.
local function add_member(member)
  local own_bit = bit_of(member)
  redis.call('ZADD', devices_key, now, member)
  each_mask(function(id, mask) redis.call('HSET', acks_key, id, bit.bor(mask, own_bit)) end)
  return own_bit
end

local function see_unnamed()
  if not redis.call('ZSCORE', devices_key, unnamed_member) then return add_member(unnamed_member) end
  redis.call('ZADD', devices_key, now, unnamed_member)
  return bit_of(unnamed_member)
end

local function see_named(device)
  local longest_unseen, named_count = nil, 0
  for _, member in ipairs(redis.call('ZRANGE', devices_key, 0, -1)) do
    if member ~= unnamed_member then
      if string.sub(member, 2) == device then
        redis.call('ZADD', devices_key, now, member)
        return bit_of(member)
      end
      longest_unseen, named_count = longest_unseen or member, named_count + 1
    end
  end
  if named_count == ${String(maxDevices)} then forget(longest_unseen) end
  local known, digit = known_bits(), 0
  while bit.band(known, bit.lshift(1, digit)) ~= 0 do digit = digit + 1 end
  return add_member(digit .. device)
end

local function see(device)
  if device == '${silentDevice}' then return 0 end
  if device == '${unnamedDevice}' then return see_unnamed() end
  return see_named(device)
end

local function acknowledge(id, own_bit)
  if not redis.call('ZSCORE', order_key, id) then return false end
  local mask, known = tonumber(redis.call('HGET', acks_key, id) or 0), known_bits()
  if bit.band(mask, own_bit) ~= 0 then return false end
  if own_bit == 0 and redis.call('HEXISTS', acks_key, id) == 1 then return false end
  mask = mask + own_bit
  if bit.band(mask, known) == known then finish(id) else redis.call('HSET', acks_key, id, mask) end
  return true
end
`;

/**
 * For scripts that only look: they begin no inbox. Where there is no position they end with `live_on` of less than nothing, by which
 * Redis deletes what it may not have evicted of the rest.
 */
export const glance = `
${keys}
${messages}
${devices}
local lifetime_ms = redis.call('PTTL', position_key)
expire_messages()
expire_devices()
`;

/**
 * For scripts that begin an inbox where there is none. Their first arguments are `lasting` and `nonce` of `position`, and how long the
 * inbox lives on, in ms. `offset` and `epoch` are its position. A new epoch keeps the messages at their offsets: only the positions that
 * somebody remembers count no more.
 *
 * `open()`: writes that, and clears what is over. Its first write is one that a Redis without memory refuses, and that is all it refuses: a
 * script that has written is not interrupted.
 */
export const opening = `
${keys}
${messages}
${devices}
${position}
local known_offset = redis.call('HGET', position_key, 'offset')
local offset, epoch, server = position(position_key, ARGV[1], ARGV[2])
if known_offset then offset = tonumber(known_offset) end
local lifetime_ms = math.max(redis.call('PTTL', position_key), tonumber(ARGV[3]))

local function open()
  keep_position(position_key, offset, epoch, server, lifetime_ms)
  -- What is there without a position is the rest of an inbox, the other part of which Redis has evicted.
  if not known_offset then redis.call('DEL', unpack(KEYS, 2)) end
  expire_messages()
  expire_devices()
end

-- For a device, which must be able to acknowledge also where there is no memory: so the first write is another one, and changes nothing.
local function open_for(device)
  redis.call('ZREM', devices_key, '')
  open()
  return see(device)
end
`;

/** A script on an inbox, which begins with `glance` or `opening`. Answers how many dead letters it has made, and what `body` returns. */
export function inboxScript(beginning: string, body: string): Script {
  return createScript(`
${beginning}
local function run()
${body}
end
local answer = run()
return { died_count, answer }
`);
}
