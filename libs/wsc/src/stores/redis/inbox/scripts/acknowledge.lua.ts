import { glance, inboxScript, opening } from './lua.js';

/**
 * A device has messages.
 * Keys: the user's. Arguments: the three of `opening`, device, message ids…. Answers those that were waiting for it.
 */
export const acknowledgeScript = inboxScript(
  opening,
  `
local own_bit, waiting = open_for(ARGV[4]), {}
for index = 5, #ARGV do
  if acknowledge(ARGV[index], own_bit) then waiting[#waiting + 1] = ARGV[index] end
end
live_on(lifetime_ms)
return waiting
`,
);

/**
 * A device has everything up to a position.
 * Keys: the user's. Arguments: the three of `opening`, device, offset, epoch. Answers 0 where it can't, since the position is of another
 * epoch or ahead of what there is.
 */
export const acknowledgeUpToScript = inboxScript(
  opening,
  `
local own_bit, up_to = open_for(ARGV[4]), tonumber(ARGV[5])
local is_position = ARGV[6] == epoch and up_to <= offset
if is_position then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', order_key, '-inf', ARGV[5])) do acknowledge(id, own_bit) end
end
live_on(lifetime_ms)
return is_position and 1 or 0
`,
);

/** Keys: the user's. Arguments: message id. Answers 1 where any device has acknowledged it, else 0. */
export const isAcknowledgedScript = inboxScript(
  glance,
  `
local has_mask = redis.call('HEXISTS', acks_key, ARGV[1]) == 1
local is_acknowledged = has_mask or redis.call('ZSCORE', done_key, ARGV[1])
live_on(lifetime_ms)
return is_acknowledged and 1 or 0
`,
);
