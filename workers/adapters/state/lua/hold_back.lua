-- Adds stacks to what a run waits for, each once those that it comes after have ended there. Predecessors that the
-- run does not wait for, or that have ended well in it, hold nothing back.
-- ARGV: run, at, stack, commit or '', JSON (`after`, `worker`, `force`, `softly`, `content`), …; a stack after its
-- predecessors
-- Returns: what has to be published now (run, stack, worker, `1` to force, …), and endings; false when there is no such
-- run.
local run, at = ARGV[1], ARGV[2]
if not run_exists(run) then return false end
if redis.call('HEXISTS', run_key(run), 'finished_at') == 1 then return {released, endings} end
for place = 3, #ARGV, 3 do
  local stack, commit = ARGV[place], ARGV[place + 1] ~= '' and ARGV[place + 1] or cjson.null
  local waits, left, cause, message, silent = cjson.decode(ARGV[place + 2]), {}, nil, nil, nil
  if plan_stack(run, stack, commit) then
    for _, other in ipairs(waits.after) do
      if redis.call('SISMEMBER', pending_key(run), 'stack:' .. other) == 1 then
        left[#left + 1] = other
      else
        local text = redis.call('HGET', run_key(run), 'stack:' .. other)
        local problem, quiet = obstacle(text and cjson.decode(text) or {})
        if problem and not waits_softly(waits, other) then
          cause, message, silent = other, 'comes after ' .. other .. ', which ' .. problem, quiet
        end
      end
    end
    waits.after, waits.commit = left, commit
    if message then
      block(run, stack, commit, waits.content, cause, message, silent, at)
    elseif #left == 0 then
      release(run, stack, waits)
    else
      redis.call('HSET', held_back_key(run), stack, cjson.encode(waits))
    end
  end
end
redis.call('EXPIRE', held_back_key(run), RUN_SECONDS)
redis.call('EXPIRE', pending_key(run), RUN_SECONDS)
return {released, endings}
