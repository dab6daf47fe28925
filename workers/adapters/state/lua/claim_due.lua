-- Takes on stacks that are due: whoever comes after this finds them due later, and so does everybody if this one dies.
-- Sent twice, it gives nothing the second time: they are due again soon enough.
-- ARGV: now, when they are due again (both in seconds), stack, …
-- Returns the stacks that were due.
local claimed = {}
for place = 3, #ARGV do
  local score = redis.call('ZSCORE', due_key(), ARGV[place])
  if score and tonumber(score) <= tonumber(ARGV[1]) then
    redis.call('ZADD', due_key(), ARGV[2], ARGV[place])
    claimed[#claimed + 1] = ARGV[place]
  end
end
return claimed
