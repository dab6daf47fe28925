-- Replaces what somebody was told, unless somebody else has done so.
-- ARGV: key, field, what was told as far as the caller knows or '', what is told now or ''.  Returns: 0 when it was not.
local key, field, known, told = unpack(ARGV)
if (redis.call('HGET', key, field) or '') ~= known then return 0 end
if told == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, told) end
return 1
