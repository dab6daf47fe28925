-- Ends a stack's part in each run, and sets fields of the stack's status.
-- ARGV: stack, at, result (JSON), `1` if bad, `1` if eventful, number of runs, run…, status field, value, …
-- Returns: what has to be published because the stack was the last that it came after (run, stack, worker,
-- `1` to force, …), and endings as `note_ending` has them.
local stack, at, result, bad, eventful, count = unpack(ARGV, 1, 6)
for place = 7, 6 + tonumber(count) do
  finish_stack(ARGV[place], stack, result, bad == '1', eventful == '1', at)
end
set_status(stack, 7 + tonumber(count))
return {released, endings}
