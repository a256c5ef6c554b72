/**
 * Lua that the scripts of the registry share. `read_entry(text)`: what is known of an instance; nil for what is no such thing.
 * `read_facts(nodes_key)`: what is known of all together, under a name that no instance has: `beat`, when one of them has shown that it
 * lives, `since`, from when on they could, and `epoch`, by which a registry differs from one that was lost.
 */
export const clusterFacts = `
local facts_name = '#'

local function read_json(text)
  local is_json, value = pcall(cjson.decode, text)
  if is_json and type(value) == 'table' and type(value.beat) == 'number' then return value end
end

local function read_entry(text)
  local entry = text and read_json(text)
  if entry and entry.node and entry.started then return entry end
end

local function read_facts(nodes_key)
  local text = redis.call('HGET', nodes_key, facts_name)
  local facts = text and read_json(text)
  if facts and facts.since then return facts end
end
`;
