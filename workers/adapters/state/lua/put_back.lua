-- Puts runs back into a stack's waiting set: somebody else will work on them.
-- ARGV: stack, run…  Returns: 1 when nobody else's run was waiting.
local stack = ARGV[1]
local mine, alone = {}, 1
for place = 2, #ARGV do mine[ARGV[place]] = true end
for _, run in ipairs(redis.call('SMEMBERS', waiting_key(stack))) do
  if not mine[run] then alone = 0 end
end
for place = 2, #ARGV do
  redis.call('HDEL', taken_key(stack), ARGV[place])
  if redis.call('SISMEMBER', pending_key(ARGV[place]), 'stack:' .. stack) == 1 then join_waiting(stack, ARGV[place]) end
end
return alone
