-- Reads a whole run as one text.
-- ARGV: run.  Returns: the fields of its hash as an object in JSON, each a text but for those of pulls and stacks, which are
-- JSON themselves.
local fields, found = redis.call('HGETALL', run_key(ARGV[1])), {}
for at = 1, #fields, 2 do
  local name, text = fields[at], fields[at + 1]
  local is_part = string.find(name, '^pull:') or string.find(name, '^stack:')
  found[#found + 1] = cjson.encode(name) .. ':' .. (is_part and (text ~= '' and text or 'null') or cjson.encode(text))
end
return '{' .. table.concat(found, ',') .. '}'
