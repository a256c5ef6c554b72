import { createScript } from '../../scripts/script.js';
import { position } from '../../scripts/lua.js';
import { knownPosition } from './lua.js';

/**
 * Tells where streams of one partition have come to.
 * Keys: positions. Arguments: lifetime of a position in ms, and the two of `position`. Answers offset and epoch of each in turn.
 */
export const topsScript = createScript(`
${position}
${knownPosition}
local tops = {}
for _, key in ipairs(KEYS) do
  local offset, epoch = known_position(key, ARGV[2], ARGV[3], tonumber(ARGV[1]))
  tops[#tops + 1] = string.format('%.0f', offset)
  tops[#tops + 1] = epoch
end
return tops
`);
