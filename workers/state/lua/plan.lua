-- Adds stacks to what a run waits for, and the run to each stack's waiting set.
-- ARGV: run, stack, commit or '', stack, commit or '', …
-- Returns: the stacks for which a task has to be published; false when there is no such run.
local run = ARGV[1]
if not run_exists(run) then return false end
local needed = {}
if redis.call('HEXISTS', run_key(run), 'finished_at') == 1 then return needed end
for place = 2, #ARGV, 2 do
  local stack, commit = ARGV[place], ARGV[place + 1] ~= '' and ARGV[place + 1] or cjson.null
  local text = redis.call('HGET', run_key(run), 'stack:' .. stack)
  local known = text and cjson.decode(text)
  local same = known and (known.commit == commit or commit == '')
  if not (same and known.outcome ~= cjson.null) then
    redis.call('HSET', run_key(run), 'stack:' .. stack, cjson.encode({commit = commit ~= '' and commit or cjson.null, action = cjson.null,
      reason = cjson.null, outcome = cjson.null, deployment = cjson.null}))
    redis.call('SADD', pending_key(run), 'stack:' .. stack)
    redis.call('SADD', stacks_key(), stack)
    if commit ~= cjson.null then redis.call('HSET', status_key(stack), 'latest_commit', cjson.encode(commit)) end
    if join_waiting(stack, run) then needed[#needed + 1] = stack end
  end
end
redis.call('EXPIRE', pending_key(run), RUN_SECONDS)
return needed
