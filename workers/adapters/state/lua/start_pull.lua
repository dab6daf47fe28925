-- Starts a run's pull, unless it has ended or another run's pull waits, which will see more.
-- ARGV: run, repo, worker, at.  Returns: 1 to go ahead.
local run, repo, worker, at = unpack(ARGV, 1, 4)
if redis.call('SISMEMBER', pending_key(run), 'pull:' .. worker) == 0 or not run_exists(run) then return 0 end
local waiting = redis.call('GET', waiting_pull_key(repo, worker))
if waiting and waiting ~= run and redis.call('SISMEMBER', pending_key(waiting), 'pull:' .. worker) == 1 then
  close_pull(run, worker, 'superseded', {}, nil, at)
  return 0
end
redis.call('DEL', waiting_pull_key(repo, worker))
mark_running(run, at)
local queued, before = unpack(redis.call('HMGET', run_key(run), 'queued_ms', 'pull:' .. worker))
-- One that is started again, or that was sent twice, has been counted.
if queued and before and cjson.decode(before).status == 'queued' then
  observe('wait', 'pull', math.max(0, milliseconds() - tonumber(queued)))
end
local number = redis.call('HINCRBY', fetched_key(repo, worker), '#pulls', 1)
redis.call('HSET', run_key(run), 'pull:' .. worker,
  cjson.encode({status = 'running', commits = {}, error = cjson.null, number = number, began = milliseconds()}))
return 1
