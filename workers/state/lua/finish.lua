-- Ends a stack's part in each run, and sets fields of the stack's status.
-- ARGV: stack, at, result (JSON), `1` if bad, `1` if eventful, number of runs, run…, status field, value, …
-- Returns: in how many runs this was the end of the stack's part.
local stack, at, result, bad, eventful, count = unpack(ARGV, 1, 6)
local ended = 0
for place = 7, 6 + tonumber(count) do
  ended = ended + finish_stack(ARGV[place], stack, result, bad == '1', eventful == '1', at)
end
set_status(stack, 7 + tonumber(count))
return ended
