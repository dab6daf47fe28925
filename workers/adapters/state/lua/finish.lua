-- Ends the parts of stacks in their runs, and sets fields of their status.
-- ARGV: at; for each stack how many of the following are its own, then these: stack, result (JSON), effect and mark of
-- its verdict, `1` if eventful, number of runs, run…, status field, value, …
-- Returns: what has to be published because a stack was the last that another came after (run, stack, worker,
-- `1` to force, …), and endings as `note_ending` has them.
local at, place = ARGV[1], 2
while place <= #ARGV do
  local last = place + tonumber(ARGV[place])
  local stack, result, effect, mark, eventful, count = unpack(ARGV, place + 1, place + 6)
  local fields = place + 7 + tonumber(count)
  for each = place + 7, fields - 1 do
    finish_stack(ARGV[each], stack, result, effect, mark, eventful == '1', at)
  end
  set_status(stack, fields, last)
  place = last + 1
end
return {released, endings}
