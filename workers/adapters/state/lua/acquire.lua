-- Takes a lease. The same token may ask again: it has it.
-- ARGV: name, token, milliseconds to live, floor of the fencing number, holder, pid, host, since
-- Returns: the fencing number, 0 when another holds the lease.
local name, token, lifetime, floor = unpack(ARGV, 1, 4)
local owner = redis.call('HGET', lease_key(name), 'token')
if owner and owner ~= token then return 0 end
if not owner then
  local newest = math.max(tonumber(redis.call('GET', fence_key(name)) or '0'), tonumber(floor)) + 1
  redis.call('SET', fence_key(name), string.format('%.0f', newest))
  redis.call('HSET', lease_key(name), 'token', token, 'fence', string.format('%.0f', newest), 'holder', ARGV[5],
    'pid', ARGV[6], 'host', ARGV[7], 'since', ARGV[8])
  redis.call('SADD', leases_key(), name)
end
redis.call('PEXPIRE', lease_key(name), lifetime)
return tonumber(redis.call('HGET', lease_key(name), 'fence'))
