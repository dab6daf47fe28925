-- Ends a stack's part in each run, and sets fields of the stack's status.
-- ARGV: stack, at, result (JSON), effect and mark of its verdict, `1` if eventful, number of runs, run…, status field,
-- value, …
-- Returns: what has to be published because the stack was the last that it came after (run, stack, worker,
-- `1` to force, …), and endings as `note_ending` has them.
local stack, at, result, effect, mark, eventful, count = unpack(ARGV, 1, 7)
for place = 8, 7 + tonumber(count) do
  finish_stack(ARGV[place], stack, result, effect, mark, eventful == '1', at)
end
set_status(stack, 8 + tonumber(count))
return {released, endings}
