import { glance, inboxScript } from './lua.js';

/** Keys: the user's. Answers when each dead letter died, and its message as JSON, newest first. */
export const deadLettersScript = inboxScript(
  glance,
  `
local letters, dead = {}, redis.call('ZREVRANGE', dead_key, 0, -1, 'WITHSCORES')
for index = 1, #dead, 2 do
  letters[#letters + 1] = dead[index + 1]
  letters[#letters + 1] = redis.call('HGET', texts_key, dead[index]) or ''
end
live_on(lifetime_ms)
return letters
`,
);

/** Takes a dead letter out. Keys: the user's. Arguments: message id. Answers when it died, and its message as JSON; nothing for none. */
export const takeDeadLetterScript = inboxScript(
  glance,
  `
local died_at = redis.call('ZSCORE', dead_key, ARGV[1])
local letter = died_at and { died_at, redis.call('HGET', texts_key, ARGV[1]) or '' } or {}
if died_at then bury({ ARGV[1] }) end
live_on(lifetime_ms)
return letter
`,
);

/** Keys: the user's. Answers how many messages are kept, and how many dead letters. */
export const sizeScript = inboxScript(
  glance,
  `
live_on(lifetime_ms)
return { redis.call('ZCARD', order_key), redis.call('ZCARD', dead_key) }
`,
);
