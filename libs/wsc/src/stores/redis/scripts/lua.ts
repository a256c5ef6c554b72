/** Lua that several scripts begin with. */

/** `now_ms()`: milliseconds since 1970 by Redis' own clock, since those of nodes differ. */
export const nowMs = `
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;
