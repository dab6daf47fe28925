-- Returns: where each discovered stack lies, by id, as an object in JSON.
local fields, found = redis.call('HGETALL', discovered_key()), {}
for at = 1, #fields, 2 do found[#found + 1] = cjson.encode(fields[at]) .. ':' .. fields[at + 1] end
return '{' .. table.concat(found, ',') .. '}'
