-- Notes what stacks of a run will need. What has ended stays; so does what was decided at the same commit by a look
-- that knew more.
-- ARGV: run, stack, commit, action, reason, decision (JSON), …
local run = ARGV[1]
for place = 2, #ARGV, 5 do
  local stack, commit, action, reason, decision = unpack(ARGV, place, place + 4)
  local part = redis.call('HGET', run_key(run), 'stack:' .. stack)
  part = part and cjson.decode(part)
  if part and part.commit == commit and part.outcome == cjson.null then
    part.action, part.reason = action, reason
    redis.call('HSET', run_key(run), 'stack:' .. stack, cjson.encode(part))
    local before = redis.call('HGET', status_key(stack), 'last_decision')
    if not before or before == 'null' or cjson.decode(before).commit ~= commit then
      redis.call('HSET', status_key(stack), 'last_decision', decision)
    end
  end
end
