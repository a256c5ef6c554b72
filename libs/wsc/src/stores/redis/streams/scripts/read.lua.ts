import { createScript } from '../../scripts/script.js';
import { nowMs, position } from '../../scripts/lua.js';
import { knownPosition } from './lua.js';

/** Entries that are fetched at once: large ones must not all be in memory only to be left out. */
const chunk = 32;

/**
 * Reads what follows a position, or everything that is kept where the position's epoch is ''.
 * Keys: stream, position. Arguments: offset, epoch, most messages, most bytes, lifetime of a position in ms, and the two of `position`.
 * Answers status, the top's offset and epoch, and where the status is `ok` the first offset and the messages.
 */
export const readScript = createScript(`
${nowMs}
${position}
${knownPosition}
local stream_key, since, since_epoch = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local max_messages, max_bytes = tonumber(ARGV[3]), tonumber(ARGV[4])
local is_from_start = since_epoch == ''
local top, epoch = known_position(KEYS[2], ARGV[6], ARGV[7], tonumber(ARGV[5]))
local top_text = string.format('%.0f', top)

if not is_from_start and (since_epoch ~= epoch or since > top) then return { 'epoch', top_text, epoch } end
local found, bytes, first = { 'ok', top_text, epoch, '0' }, 0, nil
-- At offset 0 the stream may still have what another epoch has left there.
if top == 0 or (since == top and not is_from_start) then return found end

local now, from, is_full, expired = now_ms(), is_from_start and 0 or since + 1, false, nil
while not is_full do
  local entries = redis.call('XRANGE', stream_key, string.format('%.0f', from), '+', 'COUNT', ${String(chunk)})
  for _, entry in ipairs(entries) do
    local offset, ends_at = string.match(entry[1], '^(%d+)-(%d+)$')
    offset = tonumber(offset)
    local is_kept = first or tonumber(ends_at) > now
    if not is_from_start and not first and not (is_kept and offset == since + 1) then break end
    if is_kept then
      local text = entry[2][2]
      bytes = bytes + #text
      is_full = first and (bytes > max_bytes or offset - first >= max_messages)
      if is_full then break end
      first = first or offset
      found[#found + 1] = text
    else
      expired = offset
    end
    from = offset + 1
  end
  if #entries < ${String(chunk)} or not (first or is_from_start) then break end
end
if expired then redis.call('XTRIM', stream_key, 'MINID', string.format('%.0f', expired + 1)) end
if not is_from_start and not first then return { 'trimmed', top_text, epoch } end
found[4] = string.format('%.0f', first or 0)
return found
`);
