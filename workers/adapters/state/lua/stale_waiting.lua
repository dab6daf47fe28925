-- Stacks that have waited too long since they were last published; they count as published again now.
-- A time in the future is one from before the clock was set back.
-- ARGV: milliseconds
local now, found = milliseconds(), {}
local scored = redis.call('ZRANGE', published_key(), 0, -1, 'WITHSCORES')
for place = 1, #scored, 2 do
  local stack, since = scored[place], tonumber(scored[place + 1])
  if redis.call('EXISTS', waiting_key(stack)) == 0 then
    redis.call('ZREM', published_key(), stack)
  elseif now - since >= tonumber(ARGV[1]) or since > now + 1000 then
    redis.call('ZADD', published_key(), now, stack)
    found[#found + 1] = stack
  end
end
return found
