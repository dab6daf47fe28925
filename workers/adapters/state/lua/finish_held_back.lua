-- Ends a stack's part in every run in which it still waits for those that it comes after.
-- ARGV: stack, at, result (JSON), effect and mark of its verdict, `1` if eventful
-- Returns: the runs; what has to be published because of that: run, stack, worker, `1` to force, …; endings
local stack, at, result, effect, mark, eventful = unpack(ARGV, 1, 6)
local ended = {}
for _, run in ipairs(redis.call('ZRANGE', open_runs_key(), 0, -1)) do
  if redis.call('HEXISTS', held_back_key(run), stack) == 1 then
    ended[#ended + 1] = run
    finish_stack(run, stack, result, effect, mark, eventful == '1', at)
  end
end
return {ended, released, endings}
