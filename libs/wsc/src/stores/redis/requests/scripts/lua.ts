import { nowMs } from '../../scripts/lua.js';

/**
 * What stands in Redis for an owner of requests: `RedisNames.requestKeys` says which keys these are. Of each request a text: its state
 * (`running`, `answered` or `lost`), the claim that holds it, the fingerprint and the answer, with a space between them. Beside them the
 * field `bytes` counts what they take together; a request's field is a hash, and longer.
 *
 * `read(field)`: these four; nothing for a request that is not known. `lose(field, window_ms)`: whoever ran it is gone, which is
 * remembered like an answer. `tidy(window_ms)`: what is over.
 */
export const requests = `
${nowMs}
local known_key, running_key, ended_key = unpack(KEYS)
local now = now_ms()

local function at(ms)
  return string.format('%.0f', now + ms)
end

local function read(field)
  return string.match(redis.call('HGET', known_key, field) or '', '^(%a+) (%S+) (%S*) (.*)$')
end

local function write(field, ...)
  local text = table.concat({ ... }, ' ')
  local more = #text - redis.call('HSTRLEN', known_key, field)
  redis.call('HSET', known_key, field, text)
  redis.call('HINCRBY', known_key, 'bytes', more)
end

local function forget(field)
  redis.call('ZREM', running_key, field)
  redis.call('ZREM', ended_key, field)
  redis.call('HINCRBY', known_key, 'bytes', -redis.call('HSTRLEN', known_key, field))
  redis.call('HDEL', known_key, field)
end

local function forget_oldest()
  local field = redis.call('ZRANGE', ended_key, 0, 0)[1]
  if field then forget(field) end
  return field ~= nil
end

-- All end together, so that none outlives what explains it.
local function live_on(lifetime_ms)
  lifetime_ms = math.max(redis.call('PTTL', known_key), lifetime_ms)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, lifetime_ms) end
end

-- What is taken away first may be also where Redis has no memory; a script that has written is not interrupted.
local function finish(field, window_ms, ...)
  redis.call('ZREM', running_key, field)
  write(field, ...)
  redis.call('ZADD', ended_key, at(window_ms), field)
  live_on(window_ms)
end

local function lose(field, window_ms)
  local _, holder, fingerprint = read(field)
  if holder then finish(field, window_ms, 'lost', holder, fingerprint, '') else forget(field) end
end

local function tidy(window_ms)
  for _, field in ipairs(redis.call('ZRANGEBYSCORE', running_key, '-inf', now)) do lose(field, window_ms) end
  for _, field in ipairs(redis.call('ZRANGEBYSCORE', ended_key, '-inf', now)) do forget(field) end
end
`;
