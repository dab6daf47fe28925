-- Reads what a quick decision needs of many stacks, and takes nothing.
-- ARGV: stack…  Returns: a list in JSON with what `known_of` has of each; then the record of each, or ''.
local found, records = {}, {}
for place = 1, #ARGV do
  found[place] = known_of(ARGV[place])
  records[place] = redis.call('GET', record_key(ARGV[place])) or ''
end
return {cjson.encode(found), unpack(records)}
