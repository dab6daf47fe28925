-- Takes a stack's waiting runs and reads all that a quick decision needs.
-- ARGV: stack, taker, at.  Returns: runs, whether any was asked for, whether any tries again, and what `known_of` has.
local stack = ARGV[1]
local runs, asked, again = take_runs(stack, ARGV[2], false, ARGV[3]), 0, 0
for _, run in ipairs(runs) do
  local facts = redis.call('HMGET', run_key(run), 'trigger', 'has_pulls', 'forced')
  if facts[3] or (facts[2] ~= '1' and facts[1] ~= 'reconcile' and facts[1] ~= 'retry') then asked = 1 end
  if facts[1] == 'retry' then again = 1 end
end
return {runs, asked, again, unpack(known_of(stack))}
