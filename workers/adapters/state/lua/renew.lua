-- Prolongs a lease; takes it again if it ran out (or Redis lost it) and nobody has held it since.
-- ARGV: name, token, milliseconds to live, fence, holder, pid, host, since.  Returns: 0 when it is lost.
local name, token, lifetime, fence = unpack(ARGV, 1, 4)
local owner = redis.call('HGET', lease_key(name), 'token')
if owner and owner ~= token then return 0 end
if not owner then
  if stale(name, fence) then return 0 end
  redis.call('HSET', lease_key(name), 'token', token, 'fence', fence, 'holder', ARGV[5], 'pid', ARGV[6], 'host', ARGV[7],
    'since', ARGV[8])
  redis.call('SADD', leases_key(), name)
end
redis.call('PEXPIRE', lease_key(name), lifetime)
return 1
