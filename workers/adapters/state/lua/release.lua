-- Gives a lease back, if it is still this token's; with '' it is taken away from whoever has it.
-- ARGV: name, token or ''.  Returns: what the lease held, empty when there was none.
local name, token = ARGV[1], ARGV[2]
local held = redis.call('HGETALL', lease_key(name))
local owner = redis.call('HGET', lease_key(name), 'token')
if token ~= '' and owner ~= token then return {} end
redis.call('DEL', lease_key(name))
redis.call('SREM', leases_key(), name)
-- Whoever lost it by force must neither take it again nor write.
if token == '' then redis.call('INCR', fence_key(name)) end
return held
