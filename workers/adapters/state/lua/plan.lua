-- Adds stacks to what a run waits for, and the run to each stack's waiting set.
-- ARGV: run, stack, commit or '', stack, commit or '', …
-- Returns: the stacks for which a task has to be published; false when there is no such run.
local run = ARGV[1]
if not run_exists(run) then return false end
local needed = {}
if redis.call('HEXISTS', run_key(run), 'finished_at') == 1 then return needed end
for place = 2, #ARGV, 2 do
  local stack, commit = ARGV[place], ARGV[place + 1] ~= '' and ARGV[place + 1] or cjson.null
  if plan_stack(run, stack, commit) and join_waiting(stack, run) then needed[#needed + 1] = stack end
end
redis.call('EXPIRE', pending_key(run), RUN_SECONDS)
return needed
