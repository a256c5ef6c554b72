import { createScript } from '../../scripts/script.js';
import { sessionIndex } from './index.lua.js';

/**
 * Keys: sessions of one partition, then for each, if they have users, the sessions of its user. Arguments: ms for which those that are there
 * stay, then for each its name among the user's. Answers the places in this list of those that are not there.
 */
export const extendScript = createScript(`
${sessionIndex}
local missing = {}
local count = #ARGV - 1
for place = 1, count do
  local of_user = KEYS[count + place]
  if redis.call('PEXPIRE', KEYS[place], ARGV[1]) == 0 then
    missing[#missing + 1] = place
  elseif of_user then
    note(of_user, ARGV[place + 1], ARGV[1])
  end
end
return missing
`);
